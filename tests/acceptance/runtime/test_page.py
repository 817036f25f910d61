"""The page about the task runtime."""

import subprocess
import sys

import pytest

from tests.acceptance.runtime.test_names import NAMES
from tests.support.pages import DOCS, save_files


def test_first_program_of_the_page_runs(tmp_path):
    assert save_files("runtime.md", tmp_path) == ["first.py"]
    done = subprocess.run(
        [sys.executable, "first.py"], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{[0.5 * x for x in range(10)]}\n"


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_page_describes_the_name(name):
    start = f"| `{name.name}` |" if name.kind == "property" else f"| `{name.name}("
    assert f"\n{start}" in (DOCS / "runtime.md").read_text()
