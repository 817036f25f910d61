"""Imports, and arguments written as a string or a list, also in imported files."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest
from ymmsl import v0_2

from tests.unit.adapters.ymmsl_files.models import load, problem_of, warnings_of, whole

MAIN = """
imports:
- from lib.codes import implementation p
models:
  m:
    description: x
    components:
      macro: {description: x, ports: {}, implementation: p}
"""

LIBRARY = whole("programs:\n  p: {description: x, executable: /bin/true, args: ARGS}\n")


POINT = EntryPoint("lib.codes", "tests.unit.adapters.ymmsl_files.models:PACKAGED", "ymmsl.module")


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Return a function that creates a library to import from."""
    monkeypatch.setenv("YMMSL_PATH", f"{tmp_path / 'none'}:{tmp_path}")
    (tmp_path / "lib").mkdir()
    return (tmp_path / "lib" / "codes.ymmsl").write_text


def test_implementation_is_imported_under_its_full_name(library):
    library(LIBRARY.replace("ARGS", "[]"))
    configuration = load(whole(MAIN))
    assert configuration.model.components["macro"].program == "lib.codes.p"
    assert configuration.programs["lib.codes.p"].executable == "/bin/true"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("-n $MUSCLE_THREADS", "-n $MUSCLE_THREADS"),
        ("[-n $MUSCLE_THREADS]", ("-n $MUSCLE_THREADS",)),
        ("[-n, 3 4]", ("-n", "3 4")),
        ("[]", ()),
    ],
)
def test_string_of_arguments_and_list_of_arguments_are_kept_apart(library, written, expected):
    library(LIBRARY.replace("ARGS", written))
    assert load(whole(MAIN)).programs["lib.codes.p"].args == expected
    here = whole(MAIN.replace("imports:\n- from lib.codes import implementation p\n", ""))
    program = f"programs:\n  p: {{description: x, executable: y, args: {written}}}\n"
    assert load(here + program).programs["p"].args == expected
    listed = f"programs:\n- {{name: p, description: x, executable: y, args: {written}}}\n"
    assert load(here + listed).programs["p"].args == expected


def test_v0_1_string_and_list_of_arguments_are_kept_apart():
    text = "ymmsl_version: v0.1\nmodel:\n  name: m\n  components: {macro: p}\n"
    text += "implementations:\n  p: {executable: x, args: ARGS}\n"
    assert load(text.replace("ARGS", "a b")).programs["p"].args == "a b"
    assert load(text.replace("ARGS", "[a b]")).programs["p"].args == ("a b",)


def test_later_file_determines_the_form_of_arguments():
    text = "ymmsl_version: v0.1\nmodel:\n  name: m\n  components: {macro: p}\n"
    text += "implementations:\n  p: {executable: x, args: a b}\n"
    later = "ymmsl_version: v0.1\nimplementations:\n  p: {executable: x, args: [a b]}\n"
    assert load(text, later).programs["p"].args == ("a b",)


def test_single_argument_of_a_configuration_object_is_a_string_of_arguments():
    program = v0_2.Program("p", executable="/bin/true", args="-n $MUSCLE_THREADS")
    text = whole(MAIN.replace("imports:\n- from lib.codes import implementation p\n", ""))
    programs = load(text, v0_2.Configuration(programs=[program])).programs
    assert programs["p"].args == "-n $MUSCLE_THREADS"


def test_dollar_sign_in_the_name_of_an_existing_folder_is_not_a_variable(tmp_path):
    there = tmp_path / "my $HOME"
    there.mkdir()
    text = "ymmsl_version: v0.1\nmodel:\n  name: m\n  components: {macro: p}\n"
    text += (
        f"implementations:\n  p: {{executable: '{there}', virtual_env: '{there}', args: ARGS}}\n"
    )
    program = load(text.replace("ARGS", f"['{there}/x$A/', '{there}x', $HOME]")).programs["p"]
    literal = f"{tmp_path}/my \\$HOME"
    assert program.executable == program.virtual_env == literal
    assert program.args == (f"{literal}/x$A/", f"{there}x", "$HOME")


@pytest.mark.parametrize(
    ("path", "searched"),
    [(None, "none, since YMMSL_PATH is not set"), ("/nowhere:/none", "/nowhere, /none")],
)
def test_missing_module_is_reported(monkeypatch, path, searched):
    monkeypatch.delenv("YMMSL_PATH", raising=False)
    if path:
        monkeypatch.setenv("YMMSL_PATH", path)
    assert problem_of(whole(MAIN)) == (
        "While importing p from lib.codes in the text given: module 'lib.codes' was not found:"
        f" neither a file lib/codes.ymmsl in the folders searched ({searched}), nor an entry"
        " point of group ymmsl.module. Put lib/codes.ymmsl into the folder of the file that"
        " imports it, set the environment variable YMMSL_PATH to the folder that contains it, or"
        " install the Python package that provides the module."
    )


def test_module_in_the_folder_of_the_importing_file_is_found(tmp_path, library, monkeypatch):
    library(LIBRARY.replace("ARGS", "[-n 3]"))
    monkeypatch.setenv("YMMSL_PATH", "/nowhere")
    main = tmp_path / "main.ymmsl"
    main.write_text(whole(MAIN))
    assert load(main).programs["lib.codes.p"].args == ("-n 3",)


def test_module_in_the_folder_of_an_imported_file_is_found(tmp_path, monkeypatch):
    monkeypatch.delenv("YMMSL_PATH", raising=False)
    (tmp_path / "lib").mkdir()
    model = "models:\n  p:\n    description: x\n    components:\n"
    model += "      inner: {description: x, ports: {}, implementation: q}\n"
    (tmp_path / "lib" / "codes.ymmsl").write_text(
        whole("imports:\n- from more import implementation q\n", model)
    )
    (tmp_path / "lib" / "more.ymmsl").write_text(LIBRARY.replace("ARGS", "a").replace(" p:", " q:"))
    main = tmp_path / "main.ymmsl"
    main.write_text(whole(MAIN))
    assert load(main).model.components["macro.inner"].program == "more.q"


def test_name_missing_in_the_imported_module_is_reported(library):
    library(LIBRARY.replace("ARGS", "[]").replace(" p:", " pp:"))
    assert "Implementation p not found. Did you mean pp?" in problem_of(whole(MAIN))


def test_error_in_an_imported_file_is_reported_with_its_name(library, tmp_path):
    library(LIBRARY.replace("executable", "executabel"))
    message = problem_of(whole(MAIN))
    assert f"{tmp_path}/lib/codes.ymmsl" in message
    assert "executabel" in message


def test_circular_import_is_reported(library, tmp_path):
    model = (
        MAIN.replace("lib.codes", "lib.other").replace(" m:", " p:").replace("ion: p}", "ion: q}")
    )
    library(whole(model.replace("implementation p", "implementation q")))
    back = (
        model.replace(" p:", " q:").replace("ion: q}", "ion: p}").replace("lib.other", "lib.codes")
    )
    (tmp_path / "lib" / "other.ymmsl").write_text(whole(back))
    assert "the imports form a cycle" in problem_of(whole(MAIN))


def test_changed_module_is_read_again(library):
    library(LIBRARY.replace("ARGS", "[a]"))
    assert load(whole(MAIN)).programs["lib.codes.p"].args == ("a",)
    library(LIBRARY.replace("ARGS", "a b c"))
    assert load(whole(MAIN)).programs["lib.codes.p"].args == "a b c"


def test_warning_logged_by_ymmsl_becomes_a_warning(library, monkeypatch):
    both = EntryPoints([POINT, POINT])
    monkeypatch.setattr("ymmsl.v0_2.resolver.entry_points", lambda **_: both)
    (warning,) = warnings_of(whole(MAIN))
    assert warning.startswith("Multiple entry points found for yMMSL import module 'lib.codes'")


def test_module_can_come_from_an_entry_point(monkeypatch):
    found = lambda **_: EntryPoints([POINT])  # noqa: E731
    monkeypatch.setattr("ymmsl.v0_2.resolver.entry_points", found)
    monkeypatch.setattr("adapters.ymmsl_files.reading.imported_files.entry_points", found)
    assert load(whole(MAIN)).programs["lib.codes.p"].args == "-n $MUSCLE_THREADS"
