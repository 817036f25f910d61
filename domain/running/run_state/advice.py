"""Recognises common mistakes of users in the error output of their programs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from domain.model.shell_words import YMMSL_DIR


def advice_on(error_output: str) -> str | None:
    """Return what to do about an error that a program has printed; None if it is not known.

    Args:
        error_output: The end of its stderr.
    """
    for pattern, advice in _ADVICE:
        matches = list(pattern.finditer(error_output))
        text = advice(matches[-1]) if matches else None  # the last error ended the program
        if text is not None:
            return text
    return None


def _missing_script(found: re.Match[str]) -> str | None:
    path = found["path"]
    _, separator, below = path.rpartition("/workdir/")
    if not separator and path.startswith("/"):
        return None
    name = below if separator else path
    return (
        f"A program looks for '{name}' in its own working directory. If that file is in the folder"
        f" of the yMMSL file, write 'args: ${YMMSL_DIR}/{name}' there."
    )


def _missing_file(found: re.Match[str]) -> str | None:
    path = found["path"]
    if path.startswith("/"):
        return None
    return (
        f"A program looks for '{path}' in its own working directory. If that file is in the folder"
        f" of the yMMSL file, pass '${YMMSL_DIR}/{path}' to the program, or let it read the"
        f" variable {YMMSL_DIR}."
    )


def _missing_library(found: re.Match[str]) -> str:
    library = "MUSCLE3" if found["module"] == "libmuscle" else "Conjoin"
    return (
        f"The Python that ran this program does not have {library}. Install it there, or name an"
        " environment that has it: set 'virtual_env' in the program, or write the path of its"
        " Python as 'executable'."
    )


def _missing_command(found: re.Match[str]) -> str:
    name = found["name"]
    other = "python3" if name == "python" else "its absolute path"
    return f"Command '{name}' is not on the PATH of the program: write 'executable: {other}'."


_ADVICE: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]], ...]] = (
    (re.compile(r"can't open file '(?P<path>[^'\n]+)'"), _missing_script),
    (re.compile(r"cannot open file '(?P<path>[^'\n]+)'"), _missing_script),
    (re.compile(r"Can't open perl script \"(?P<path>[^\"\n]+)\""), _missing_script),
    (re.compile(r"could not open file (?P<path>\S+)"), _missing_script),
    (
        re.compile(r"(?m)^(?:ba|da|z)?sh: (?P<path>[^:\n]+): No such file or directory$"),
        _missing_script,
    ),
    (
        re.compile(r"No module named '(?P<module>conjoin|entrypoints|libmuscle)(?:\.[\w.]+)?'"),
        _missing_library,
    ),
    (re.compile(r"exec: (?P<name>[^:\n]+): not found"), _missing_command),
    (
        re.compile(
            r"(?m)^FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<path>[^'\n]+)'"
        ),
        _missing_file,
    ),
)
