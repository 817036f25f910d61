"""The errors that the guides for nodes explain are those that the programs print."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("domain", "application", "adapters", "entrypoints")
GUIDES = ("workstations.md", "batch-systems.md")

PLACEHOLDER = re.compile(
    r"'srun …'|…(?: nodes)?|: |\. | \(|\bcores(?=: )|\d+|'[\w.]+'|(?<=install )\w+"
    r"|\b(?:HOST|USER|SLURM_JOB_NODELIST|PBS_NODEFILE)\b"
)
"""What stands for a value in the message of a guide, or separates strings that are joined."""

OF_OTHER_PROGRAMS = (
    "No such file",
    "No module named",
    "ModuleNotFoundError",
    "Exited with exit code",
    "execve()",
    "/python",
    "error while loading shared libraries",
    "There are not enough slots available in the system",
    "srun",
    "error",
    "File exists",
)
"""Messages of Python, the shell, the loader, Slurm and Open MPI."""

NOT_MESSAGES = (
    "An MPI program with srunmpi fails in MPI_Init",
    "An instance with MUSCLE3's library is refused",
)
"""Headings that describe an error in other words."""


@cache
def strings() -> frozenset[str]:
    """Return the constant parts of all strings in the packages."""
    return frozenset(
        node.value
        for package in PACKAGES
        for path in (REPOSITORY / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def messages(guide: str) -> Iterator[str]:
    """Yield the messages in the headings and in the first column of the tables of errors."""
    is_table = False
    for line in (REPOSITORY / "docs" / guide).read_text(encoding="utf-8").splitlines():
        is_table = line.startswith("|") and (
            is_table or line.startswith(("| message", "| printed"))
        )
        if line.startswith("### "):
            yield line.removeprefix("### ").replace("`", "")
        elif is_table:
            yield from re.findall(r"`([^`]+)`", line.split("|")[1])


def fixed_parts(message: str) -> list[str]:
    """Return the parts of a message that do not stand for a value and have a letter."""
    parts = [part.strip(" '(),.?") for part in PLACEHOLDER.split(message)]
    return [part for part in parts if re.search("[a-zA-Z]{2}", part)]


@pytest.mark.parametrize("guide", GUIDES)
def test_errors_of_the_guide_are_printed_as_written(guide: str) -> None:
    found = list(messages(guide))
    assert len(found) > 20
    missing = [
        (message, part)
        for message in found
        if not message.startswith(NOT_MESSAGES)
        for part in fixed_parts(message)
        if not any(other.strip("()") in part for other in OF_OTHER_PROGRAMS)
        and not any(part in string for string in strings())
    ]
    assert not missing, missing
