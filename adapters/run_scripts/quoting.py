"""Quotes data for use in shell text."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Final

from typing_extensions import assert_never

from domain.model.shell_words import YMMSL_DIR, Home, Piece, Text, Variable, parse_word

_FOLDER_OR_QUOTED: Final = re.compile(
    r"""\\.|'[^']*'|"(?:\\.|[^"\\])*"|"""
    rf"(?P<bare>\$(?:{YMMSL_DIR}\b|\{{{YMMSL_DIR}\}}))",
    re.DOTALL,
)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def quoted(words: Sequence[str]) -> str:
    """Return shell text that evaluates to exactly these words."""
    return " ".join(map(shlex.quote, words))


def expanded(word: str) -> str:
    """Return shell text for one word in which the shell expands variables and `~`.

    The word stays one word, whatever the values of the variables.

    Args:
        word: The word, as `domain.model.shell_words` describes it.
    """
    return "".join(map(_expanded, parse_word(word).pieces)) or "''"


def expanded_arguments(words: Sequence[str]) -> str:
    """Return shell text for arguments in which the shell expands variables and `~`.

    An argument that consists only of unquoted variables is dropped if they are empty or unset.

    Args:
        words: The arguments, as `domain.model.shell_words` describes them.
    """
    return " ".join(map(_argument, words))


def with_quoted_folder(text: str) -> str:
    """Return shell text in which the shell never splits the value of `YMMSL_DIR`.

    Args:
        text: The user's shell text, such as `$YMMSL_DIR/macro.py --fast`.
    """
    return _FOLDER_OR_QUOTED.sub(
        lambda found: f'"{found["bare"]}"' if found["bare"] else found[0], text
    )


def exports(variables: Mapping[str, str]) -> list[str]:
    """Return lines that set the environment variables whose names the shell accepts.

    Args:
        variables: Values by name; if a name has a leading `+`, its value is appended to the
            existing one, without a separator.
    """
    return [
        _export(name, value)
        for name, value in variables.items()
        if _VARIABLE.fullmatch(name.removeprefix("+"))
    ]


def unexportable_variables(variables: Mapping[str, str]) -> list[str]:
    """Return the words of a command that sets variables whose names the shell rejects."""
    unexportable = [
        f"{name}={value}"
        for name, value in variables.items()
        if not _VARIABLE.fullmatch(name.removeprefix("+"))
    ]
    return ["env", *unexportable] if unexportable else []


def _export(name: str, value: str) -> str:
    if name.startswith("+"):
        variable = name[1:]
        return f'export {variable}="${{{variable}-}}"{shlex.quote(value)}'
    return f"export {name}={shlex.quote(value)}"


def _argument(text: str) -> str:
    word = parse_word(text)
    return "".join(map(_vanishing, word.pieces)) if word.can_vanish else expanded(text)


def _vanishing(piece: Piece) -> str:
    assert isinstance(piece, Variable)
    return f"${{{piece.name}:+{_expanded(piece)}}}"


def _expanded(piece: Piece) -> str:
    match piece:
        case Text(text):
            # a shell expands `~` only if the slash after it is not quoted
            return f"/{quoted([text[1:]])}" if text.startswith("/") else quoted([text])
        case Variable(name):
            return f'"${{{name}}}"'
        case Home(user):
            return f"~{user}"
        case _:
            assert_never(piece)
