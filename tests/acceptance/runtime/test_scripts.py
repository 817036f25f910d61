"""Programs that were written for the original run, with only the import changed."""

import ast
from pathlib import Path

import pytest

from tests.support.runtime_programs import run_program

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.py"))


def expected_lines(script):
    """Return the lines that the docstring of a script promises."""
    documentation = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8")))
    assert documentation is not None
    return documentation.partition("\n\n")[2].splitlines()


@pytest.mark.parametrize("engine", ["inline", "embedded"])
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script_prints_its_lines_and_leaves_nothing_behind(script, engine, tmp_path):
    ended = run_program(script, tmp_path, engine=engine)
    assert ended.output.splitlines() == expected_lines(script), ended.errors
    assert (ended.code, ended.errors) == (0, "")
    assert ended.files == []
    assert ended.processes == []
