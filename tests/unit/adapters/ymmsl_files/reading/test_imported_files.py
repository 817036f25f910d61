"""Sections of imported modules that an import leaves out."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from adapters.ymmsl_files.reading.imported_files import (
    ignored_sections,
    import_folders,
    module_text,
)
from tests.unit.adapters.ymmsl_files.models import PROGRAM, VERSION, warnings_of, whole

MAIN = whole("""
imports:
- from lib.codes import implementation p
models:
  m:
    description: x
    components:
      macro: {description: x, ports: {}, implementation: p}
""")
POINT = EntryPoint("lib.codes", "tests.unit.adapters.ymmsl_files.models:PACKAGED", "ymmsl.module")


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A directory in which modules are found."""
    monkeypatch.setenv("YMMSL_PATH", f":{tmp_path / 'none'}:{tmp_path}")
    (tmp_path / "lib").mkdir()
    return tmp_path / "lib"


def test_settings_and_resources_of_an_imported_file_are_a_warning(library):
    file = library / "codes.ymmsl"
    file.write_text(whole(PROGRAM, "settings: {a: 1}\nresources: {m.macro: {threads: 2}}\n"))
    (warning,) = warnings_of(MAIN)
    assert warning == (
        f"{file}: its 'settings' and 'resources' are not used, since only implementations are"
        " imported. Move the parts that you need into the file that you run."
    )


@pytest.mark.parametrize(
    ("section", "is_ignored"),
    [
        ("checkpoints: {at_end: true}", True),
        ("resume: {macro: /x}", True),
        ("settings: {}", False),
        ("settings:", False),
        ("description: x", False),
    ],
)
def test_only_a_section_with_content_is_a_warning(library, section, is_ignored):
    (library / "codes.ymmsl").write_text(whole(PROGRAM, section))
    warnings = ignored_sections(["lib.codes"], [library.parent])
    assert len(warnings) == is_ignored
    assert all(f"its '{section.split(':')[0]}' is not used" in item for item in warnings)


def test_transitively_imported_file_is_read_once(library):
    imports = "imports:\n- from lib.more import implementation p\n"
    (library / "codes.ymmsl").write_text(VERSION + imports)
    (library / "more.ymmsl").write_text(whole(imports, PROGRAM, "settings: {a: 1}\n"))
    (warning,) = ignored_sections(["lib.codes", "lib.codes"], [library.parent])
    assert warning.startswith(f"{library}/more.ymmsl: its 'settings' is not used")


def test_missing_or_invalid_module_is_ignored(library):
    (library / "codes.ymmsl").write_text("a: [")
    assert ignored_sections(["lib.codes", "lib.none"], [library.parent]) == []


def test_entry_point_is_found_before_a_file(library, monkeypatch):
    (library / "codes.ymmsl").write_text(whole(PROGRAM))
    found = module_text("lib.codes", [library.parent])
    assert found is not None
    assert found.label == f"{library}/codes.ymmsl"
    monkeypatch.setattr(
        "adapters.ymmsl_files.reading.imported_files.entry_points", lambda **_: EntryPoints([POINT])
    )
    found = module_text("lib.codes", [library.parent])
    assert found is not None
    assert found.label == "module lib.codes"


def test_folders_of_importing_files_are_searched_after_the_search_path(tmp_path, monkeypatch):
    monkeypatch.setenv("YMMSL_PATH", f":{tmp_path / 'listed'}:")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "codes.ymmsl").write_text(VERSION)
    listed, sub = tmp_path / "listed", tmp_path / "sub"
    assert import_folders(["sub.codes"], [tmp_path]) == (listed, tmp_path, sub)
