"""Each promise to users names tests that exist."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = ("promises.md", "security.md")
# These tables describe what is not promised.
WITHOUT_TESTS = ("What remains open, and to whom",)

_FOLDERS = {"U": "unit", "C": "contract", "I": "integration", "A": "acceptance", "S": "soak"}
_NAME = re.compile(r"`([UCIAS]/[\w/]+\.py(?:::\w+)*)`")


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_exists(page: str):
    names = _NAME.findall(text_of(page))
    assert names
    assert [name for name in names if not exists(name)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_promise_names_a_test(page: str):
    rows = [
        line
        for section in re.split(r"^## ", text_of(page), flags=re.MULTILINE)[1:]
        if not section.startswith(WITHOUT_TESTS)
        for line in rows_of(section)
    ]
    assert rows
    assert [row for row in rows if not _NAME.search(row)] == []


def text_of(page: str) -> str:
    return (REPOSITORY / "docs" / page).read_text()


def rows_of(section: str) -> list[str]:
    """Return the rows of all tables without their heads."""
    lines = section.splitlines()
    return [
        line
        for number, line in enumerate(lines)
        if line.startswith("|")
        and not line.startswith("|---")
        and not "".join(lines[number + 1 : number + 2]).startswith("|---")
    ]


def exists(name: str) -> bool:
    """Whether a file, and the class and function in it, exist."""
    folder, _, rest = name.partition("/")
    path, *parts = rest.split("::")
    file = REPOSITORY / "tests" / _FOLDERS[folder] / path
    if not file.exists():
        return False
    node: ast.AST = ast.parse(file.read_text())
    for part in parts:
        found = [
            child
            for child in ast.iter_child_nodes(node)
            if isinstance(child, ast.ClassDef | ast.FunctionDef) and child.name == part
        ]
        if not found:
            return False
        node = found[0]
    return True
