"""The page on the task runtime."""

import re

import pytest

from tests.acceptance.runtime.test_names import MODULE_NAMES, NAMES
from tests.support.pages import DOCS, save_files
from tests.support.runtime_programs import run_program

TEXT = (DOCS / "runtime.md").read_text(encoding="utf-8")


def test_farm_of_the_page_prints_what_the_page_says(tmp_path):
    assert save_files("runtime.md", tmp_path) == ["farm.py"]
    places = tmp_path / "places"
    places.mkdir()
    ended = run_program(tmp_path / "farm.py", places)
    assert ended.output == "[0, 2, 4, 6, 8, 10, 12, 14, 16, 18]\n"
    assert (ended.code, ended.files, ended.processes) == (0, [], [])


@pytest.mark.parametrize("entry", NAMES, ids=str)
def test_page_has_a_line_for_the_name(entry):
    rows = re.findall(r"^\| (`.*?) \| .* \|$", TEXT, re.MULTILINE)
    assert any(re.search(rf"`{entry.name}[`(]", row) for row in rows)


@pytest.mark.parametrize("name", [name for name in MODULE_NAMES if name.endswith("Error")])
def test_page_explains_the_error(name):
    assert f"`{name}`" in TEXT
