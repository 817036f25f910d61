"""Checks that the files in the arguments of programs can be found where the programs run.

A program runs in a working directory of its own, not in that of the manager, nor beside the yMMSL
file. So `args: macro.py` works nowhere: it must be `args: $YMMSL_DIR/macro.py`.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Final

from adapters.io.symbolic_links import dangling_link
from adapters.ymmsl_files.checking.shell_arguments import replaced
from domain.model.configuration import ExecutionModel, Program
from domain.model.shell_words import YMMSL_DIR
from domain.suggestions import did_you_mean

_INTERPRETER: Final = re.compile(
    r"python[\d.]*|pypy[\d.]*|bash|sh|dash|zsh|Rscript|julia|octave|perl|ruby|node"
)
_OPTION_WITH_VALUE: Final = frozenset({"-W", "-X", "--check-hash-based-pycs"})
_NO_SCRIPT: Final = frozenset({"-m", "-c", "-e", "-E", "--eval"})
_SHELL_SYNTAX: Final = re.compile(r"[;&|<>()`\n]")


def script_problems(program: Program) -> list[str]:
    """Return errors about a script that its interpreter will not find.

    Args:
        program: The program.
    """
    words = _words(program)
    position = _script_position(program, words)
    if position is None:
        return []
    broken = _broken_at_spaces(program, words, position)
    if broken is not None:
        return [broken]
    script = _value(words[position], program)
    beside = None if script is None else _beside(script, program)
    return [] if beside is None else [_relative(script or "", beside, "script")]


def file_warnings(program: Program) -> list[str]:
    """Return warnings about files in the arguments that the program may not find.

    Args:
        program: The program.
    """
    words = _words(program)
    position = _script_position(program, words)
    warnings = []
    for index, word in enumerate(words):
        value = _value(word, program)
        if value is None or value.startswith("-"):
            continue
        if index == position:
            warnings += _missing_script(value, program)
        elif PurePath(value).suffix or os.sep in value:
            beside = _beside(value, program)
            warnings += [] if beside is None else [_relative(value, beside, "argument")]
    return [] if script_problems(program) else warnings


def path_here(name: str, program: Program) -> str | None:
    """Return what to write for a relative path so that the program finds it; None if it is missing.

    Args:
        name: The path.
        program: The program.
    """
    if not name or Path(name).is_absolute():
        return None
    folder = program.env.get(YMMSL_DIR)
    if folder and _exists(Path(folder) / name):
        return f"${YMMSL_DIR}/{name.removeprefix('./')}"
    here = Path.cwd() / name
    return str(here) if _exists(here) else None


def _words(program: Program) -> Sequence[str]:
    """Return the arguments, up to the first one with shell syntax."""
    if program.execution_model is ExecutionModel.MANUAL or program.script is not None:
        return []
    if program.container is not None:
        return []
    if not isinstance(program.args, str):
        return program.args
    syntax = _SHELL_SYNTAX.search(program.args)
    end = len(program.args) if syntax is None else syntax.start()
    try:
        words = shlex.split(program.args[:end])
    except ValueError:
        return []
    is_cut = syntax is not None and syntax[0] in "(`"
    return words[:-1] if is_cut else words


def _script_position(program: Program, words: Sequence[str]) -> int | None:
    """Return the index of the script among the arguments of an interpreter; None without one."""
    if program.executable is None or not _INTERPRETER.fullmatch(PurePath(program.executable).name):
        return None
    index = 0
    while index < len(words) and words[index].startswith("-"):
        if words[index] in _NO_SCRIPT or words[index] == "-":
            return None
        index += 2 if words[index] in _OPTION_WITH_VALUE else 1
    return index if index < len(words) else None


def _value(word: str, program: Program) -> str | None:
    """Return a word with its variables replaced; None if it is unknown here, or a pattern."""
    value = replaced(word, program)
    return None if value is None or set(value) & set("*?[$\0") else value


def _beside(value: str, program: Program) -> str | None:
    return None if not PurePath(value).name else path_here(value, program)


def _relative(value: str, beside: str, noun: str) -> str:
    advice = f'args: ["{beside}"]' if " " in beside else f"args: {beside}"
    return (
        f"{noun} '{value}' is relative to the instance's own working directory, where it does not"
        f" exist. Write '{advice}'."
    )


def _broken_at_spaces(program: Program, words: Sequence[str], position: int) -> str | None:
    """Return the error if an unquoted path with spaces was split into words; else None."""
    if not isinstance(program.args, str):
        return None
    for end in range(len(words), position + 1, -1):
        joined = " ".join(words[position:end])
        value = _value(joined, program)
        first = _value(words[position], program)
        if value is None or first is None or _exists(Path(first)):
            continue
        folder = program.env.get(YMMSL_DIR, "")
        if _exists(Path(folder) / value):
            written = joined if Path(value).is_absolute() else path_here(value, program)
            return (
                f"the path '{value}' in its 'args' contains a space, so it is split into several"
                f' arguments. Write a list: args: ["{written}"].'
            )
    return None


def _missing_script(value: str, program: Program) -> list[str]:
    """Return a warning if a script exists nowhere."""
    path = Path(value)
    if not path.is_absolute():
        folder = program.env.get(YMMSL_DIR)
        searched = Path.cwd() if folder is None else Path(folder)
        path = searched / value
    if _exists(path):
        return []
    advice = dangling_link(path) or _similar(path) or "Correct its path."
    return [f"script '{value}' does not exist{_where(value, path)}. {advice}"]


def _where(value: str, path: Path) -> str:
    return "" if Path(value).is_absolute() else f", neither in its working directory nor as {path}"


def _similar(path: Path) -> str:
    try:
        present = [item.name for item in path.parent.iterdir() if item.suffix == path.suffix]
    except OSError:
        return f"The directory {path.parent} does not exist either."
    return did_you_mean(path.name, present).strip()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
