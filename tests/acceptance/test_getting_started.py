"""The first example of the documentation works as written."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "getting-started.md"
BIN = Path(sys.executable).parent


@pytest.fixture
def kitchen(tmp_path):
    """Save the files of the page, under its names, in a folder whose name contains a space."""
    found = re.findall(r"`(\w+\.\w+)`:\n\n```\w+\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert [name for name, _ in found] == ["pot.py", "heater.py", "kitchen.ymmsl"]
    folder = tmp_path / "my kitchen"
    folder.mkdir()
    for name, text in found:
        (folder / name).write_text(text)
    return folder


def conjoin(folder, *arguments):
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [BIN / "conjoin", *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.slow
def test_output_of_the_kitchen_example_matches_the_page(kitchen):
    conjoin(kitchen, "run", "--start-all", "kitchen.ymmsl")
    (output,) = kitchen.glob("run_kitchen_*/instances/pot/stdout.txt")
    assert output.read_text().strip() in PAGE.read_text()


@pytest.mark.slow
def test_kitchen_example_passes_the_check(kitchen):
    conjoin(kitchen, "check", "kitchen.ymmsl")
    assert not list(kitchen.glob("run_*"))
