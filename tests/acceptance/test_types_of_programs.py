"""Type checkers accept the programs of the documentation and of the examples in strict mode."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.pages import DOCS, code_blocks, save_files

pytestmark = pytest.mark.slow

REPOSITORY = DOCS.parent

NOT_INSTALLED = """
[mypy]
strict = True
[mypy-fastapi.*]
ignore_missing_imports = True
[mypy-server]
disallow_untyped_decorators = False
"""
"""mypy treats all names of a library that is not installed as untyped."""


def save_programs(folder: Path) -> None:
    """Write the programs of all pages to a folder, as modules with different names."""
    for path in [*sorted(DOCS.glob("*.md")), REPOSITORY / "README.md"]:
        page = os.path.relpath(path, DOCS)
        stem = re.sub(r"\W", "_", path.stem.lower())
        with tempfile.TemporaryDirectory() as staging:
            named = [Path(staging, name) for name in save_files(page, Path(staging))]
            code = {file.name: file.read_text() for file in named if file.suffix == ".py"}
        for name, text in code.items():
            taken = (folder / name).exists()
            (folder / (f"{stem}_{name}" if taken else name)).write_text(text)
        # blocks without a file name are parts of one program
        rest = [block for block in code_blocks(page, "python") if block not in code.values()]
        if rest:
            (folder / f"page_{stem}.py").write_text("\n\n".join(rest))


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("programs")
    save_programs(folder)
    assert {"pot.py", "server.py", "page_instance_library.py", "page_readme.py"} <= {
        path.name for path in folder.iterdir()
    }
    return folder


def test_mypy_accepts_all_programs_of_documentation_and_examples(programs):
    settings = programs / "mypy.ini"
    settings.write_text(NOT_INSTALLED)
    files = sorted(str(path) for path in programs.glob("*.py"))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", settings, "--cache-dir"]
        + [programs / "cache", *files, REPOSITORY / "examples"],
        cwd=programs,
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.stdout.startswith("Success"), done.stdout + done.stderr
