"""The structure of the task runtime."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[4]
FOLDERS = ("application/runtime", "domain/runtime", "entrypoints/_runtime", "adapters/inline")
MOST_LINES = 200


def classes():
    """Return all classes, as (path, name, number of lines)."""
    return [
        (str(path.relative_to(REPOSITORY)), node.name, (node.end_lineno or 0) - node.lineno + 1)
        for folder in FOLDERS
        for path in sorted((REPOSITORY / folder).glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_class_is_longer_than_two_hundred_lines(folder):
    found = [item for item in classes() if item[0].startswith(folder)]
    assert found
    assert [item for item in found if item[2] > MOST_LINES] == []
