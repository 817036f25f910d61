"""Reading files: where they are found, and errors in their format."""

import io

import pytest
from ymmsl import v0_1, v0_2

from tests.unit.adapters.ymmsl_files.models import (
    MACRO_MICRO,
    PROGRAM,
    VERSION,
    load,
    problem_of,
    problems_of,
    warnings_of,
    whole,
)

GOOD = whole(MACRO_MICRO, PROGRAM)


def test_file_is_accepted_as_a_path_or_a_string(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where a string counts as being
    file = tmp_path / "model.ymmsl"
    file.write_text(GOOD)
    assert load(file) == load(str(file)) == load(GOOD)


def test_standard_input_is_read(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(GOOD))
    assert load("-") == load(GOOD)


def test_ymmsl_objects_are_accepted_and_not_changed():
    model = v0_2.Model(
        "m",
        components=[
            v0_2.Component("macro", v0_2.Ports(o_i="out"), "x", "p"),
            v0_2.Component("micro", v0_2.Ports(f_init="start"), "x", "p"),
        ],
        conduits=[v0_2.Conduit("macro.out", "micro.start")],
    )
    program = v0_2.Program("p", executable="/bin/true")
    configuration = v0_2.Configuration(models=[model], programs=[program])
    first = load(configuration, whole("settings:\n  a: 3\n"))
    assert [str(item) for item in first.model.conduits] == ["macro.out -> micro.start"]
    assert not configuration.settings
    assert load(configuration).model == first.model


def test_v0_1_objects_are_accepted():
    model = v0_1.Model("m", [v0_1.Component("macro", "p", None, v0_1.Ports(o_f=["out"]))])
    program = v0_1.Implementation(v0_1.Reference("p"), executable="/bin/true")
    configuration = v0_1.PartialConfiguration(model, implementations=[program])
    assert list(load(configuration).model.components) == ["macro"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n", "the text given: it is empty."),
        ("- a\n", "this is not a yMMSL file"),
        ("a: b\n", "it has no 'ymmsl_version'. Add 'ymmsl_version: v0.2' at its top."),
        ("ymmsl_version: v0.9\n", "yMMSL version 'v0.9' is not supported."),
        (f"{VERSION}a: [\n", "line 3, column 1: this is not valid YAML"),
        (f"{VERSION}a:\n  b: c\n d: e\n", "line 4, column 2: this is not valid YAML"),
    ],
)
def test_invalid_ymmsl_is_reported_with_the_reason(text, message):
    assert message in problem_of(text)


def test_missing_file_is_reported_with_a_similar_name(tmp_path):
    (tmp_path / "model.ymmsl").touch()
    message = problem_of(tmp_path / "modle.ymmsl")
    assert "modle.ymmsl: file not found. Did you mean 'model.ymmsl'?" in message


def test_directory_is_not_a_configuration_file(tmp_path):
    assert "this is a directory" in problem_of(tmp_path)


def test_file_that_is_not_text_is_rejected(tmp_path):
    file = tmp_path / "model.ymmsl"
    file.write_bytes(b"\xff\xfe\x00")
    assert "not a text file in UTF-8" in problem_of(file)


def test_problems_of_all_files_are_reported_together(tmp_path):
    problems = problems_of(tmp_path / "a", tmp_path / "b", "- x\n")
    assert len(problems) == 3


def test_unknown_keys_are_reported_with_file_line_location_and_suggestion(tmp_path):
    file = tmp_path / "model.ymmsl"
    file.write_text(GOOD + "  q: {descripton: x, executable: y}\nsetings: {a: 3}\n")
    first, second = problems_of(file)
    assert first.startswith(f"{file}, line 14: unknown key 'descripton' in 'programs.q'.")
    assert "Did you mean 'description'" in first
    assert second == f"{file}, line 15: unknown key 'setings'. Did you mean 'settings'?"


def test_unknown_keys_of_v0_1_are_reported():
    text = "ymmsl_version: v0.1\nmodel:\n  name: m\n  component: {a: b}\n"
    assert "unknown key 'component' in 'model'. Did you mean 'components'?" in problem_of(text)


def test_duplicate_key_is_a_warning():
    text = GOOD + "settings:\n  a: 1\n  a: 2\n"
    assert warnings_of(text) == [
        "the text given, line 16: duplicate key 'settings.a': the earlier value is ignored."
    ]


FAN_OUT = """
models:
  fan:
    description: x
    components:
      src: {description: x, ports: {o_f: out}, implementation: p}
      one: {description: x, ports: {f_init: in}, implementation: p}
      two: {description: x, ports: {f_init: in}, implementation: p}
    conduits:
      src.out: one.in
      src.out: RECEIVER
"""
OLD_FAN_OUT = """ymmsl_version: v0.1
model:
  name: fan
  components:
    src: {ports: {o_f: out}, implementation: p}
    one: {ports: {f_init: in}, implementation: p}
    two: {ports: {f_init: in}, implementation: p}
  conduits:
    src.out: one.in
    src.out: RECEIVER
implementations:
  p: {executable: /bin/true}
"""


@pytest.mark.parametrize("text", [whole(FAN_OUT, PROGRAM), OLD_FAN_OUT], ids=["v0.2", "v0.1"])
@pytest.mark.parametrize("receiver", ["two.in", "[two.in]"])
def test_several_conduits_entries_of_one_sender_are_all_kept(text, receiver):
    text = text.replace("RECEIVER", receiver)
    conduits = [(str(item.sender), str(item.receiver)) for item in load(text).model.conduits]
    assert conduits == [("src.out", "one.in"), ("src.out", "two.in")]
    assert warnings_of(text) == []


def test_duplicate_conduit_is_a_second_sender():
    problem = problem_of(whole(FAN_OUT.replace("RECEIVER", "one.in"), PROGRAM))
    assert "port 'one.in' receives from 'src.out' and from 'src.out'" in problem


def test_several_matching_entries_of_one_timeline_are_all_kept():
    ports = "{o_i: out, s: in}"
    text = FAN_OUT.replace("{o_f: out}", ports).replace("{f_init: in}", ports)
    text = text[: text.index("    conduits")]
    text = whole(text + "    matching_timelines:\n      src: one\n      src: two\n", PROGRAM)
    assert load(text).model.matching_timelines == (("src", "one", "two"),)
    assert warnings_of(text) == []


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        (
            "settings: {a: {b: c}}\n",
            "line 14: 'settings.a' is a mapping, but settings are not nested",
        ),
        ("  q: {description: x, executable: x, execution_model: mpi}\n", "one of direct, openmpi"),
        ("  q: {description: x}\n", "'programs.q' has neither an 'executable' nor a 'script'"),
        ("checkpoints: {simulation_time: [{every: 0}]}\n", "must be larger than 0"),
    ],
)
def test_ymmsl_error_is_reported_in_one_sentence_with_the_location(addition, message):
    problem = problem_of(GOOD + addition)
    assert message in problem
    assert problem.startswith("the text given, line 14")
    assert "\n" not in problem


def test_object_of_another_type_is_rejected():
    assert "cannot be read from a int" in problem_of(3)
