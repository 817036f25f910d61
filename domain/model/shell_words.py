r"""Shell-like words in which only variables and home directories are replaced.

MUSCLE3 pastes the executable, the arguments, the modules and the virtual environment of a program
into a shell script. Files that rely on that contain `$NAME`, `${NAME}` and a leading `~`. These are
replaced here too, but everything else is data: spaces, quotes, globs, `;` and `$(...)` reach the
program as they are, and the value of a variable is never split.

As in a shell, a backslash keeps `\$NAME` and `\~` from being replaced, and so do single quotes
around a whole word. Quotes are removed if they surround a whole word that contains a variable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from typing_extensions import assert_never

YMMSL_DIR: Final = "YMMSL_DIR"
"""The variable that each program gets, with the folder of the yMMSL file that defines it."""

VARIABLE: Final = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})", re.ASCII)
"""A variable: its name is in the first or the second group."""

_ESCAPABLE: Final = re.compile(r"(\\*)" + VARIABLE.pattern, re.ASCII)
_QUOTED: Final = re.compile(r"""(?P<quote>["'])(?P<inside>.*)(?P=quote)""", re.DOTALL)
# bash also replaces a `~` that begins the value in an argument such as `name=~/file`
_HOME: Final = re.compile(
    r"(?P<before>(?:[A-Za-z_]\w*=)?)(?P<backslashes>\\*)~(?P<user>(?:[A-Za-z_][\w.-]*)?)(?=/|\Z)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Text:
    """A literal part of a word."""

    text: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A part of a word that is replaced with the value of an environment variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Home:
    """The beginning of a path that is replaced with a home directory.

    Attributes:
        user: The user whose home directory it is; empty for the current user.
    """

    user: str = ""


Piece: TypeAlias = Text | Variable | Home


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a command.

    Attributes:
        pieces: Its parts, none of which is empty.
        is_quoted: Whether it was in quotes; if so, it remains a word even if it is empty.
    """

    pieces: tuple[Piece, ...]
    is_quoted: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """The distinct names of the variables in it."""
        return tuple(dict.fromkeys(item.name for item in self.pieces if isinstance(item, Variable)))

    @property
    def can_vanish(self) -> bool:
        """Whether a shell drops it if all its variables are empty."""
        return not self.is_quoted and bool(self.pieces) and all(map(_is_variable, self.pieces))

    def replaced(self, variable: Callable[[str], str], home: Callable[[str], str]) -> str:
        """Return the text of the word with variables and home directory replaced.

        Args:
            variable: Returns the value of a variable.
            home: Returns the home directory of a user, or of the current user if given "".
        """
        return "".join(_replaced(piece, variable, home) for piece in self.pieces)


def parse_word(text: str) -> Word:
    """Parse a word as written in a file.

    Args:
        text: The word.
    """
    quoted = _QUOTED.fullmatch(text)
    if quoted and quoted["quote"] not in quoted["inside"]:
        pieces = tuple(_pieces(quoted["inside"]))
        if any(map(_is_variable, pieces)):
            is_literal = quoted["quote"] == "'"
            return Word((Text(quoted["inside"]),) if is_literal else pieces, is_quoted=True)
    return Word(tuple(_home_and_pieces(text)))


def literally(text: str) -> str:
    """Escape a text, so that nothing in it is replaced.

    Args:
        text: The text.
    """
    escaped = _ESCAPABLE.sub(lambda found: f"{found[1]}\\{found[0]}", text)
    home = _HOME.match(escaped)
    if home is None:
        return escaped
    start = home.end("before")
    return f"{escaped[:start]}{home['backslashes']}\\{escaped[start:]}"


def _home_and_pieces(text: str) -> Iterator[Piece]:
    """Yield the parts of an unquoted word."""
    home = _HOME.match(text)
    if home is None:
        yield from _pieces(text)
        return
    kept, is_escaped = divmod(len(home["backslashes"]), 2)
    tilde = f"~{home['user']}" if is_escaped or kept else ""
    before = home["before"] + "\\" * kept + tilde
    if before:
        yield Text(before)
    if not tilde:
        yield Home(home["user"])
    yield from _pieces(text[home.end() :])


def _pieces(text: str) -> Iterator[Piece]:
    """Yield the parts of a text in which only variables are replaced.

    Of the backslashes before a variable, each second one is removed. If their number is odd, the
    last one keeps the variable from being replaced.
    """
    end = 0
    for found in _ESCAPABLE.finditer(text):
        backslashes, plain, braced = found.groups()
        kept, is_escaped = divmod(len(backslashes), 2)
        literal = text[found.end(1) : found.end()] if is_escaped else ""
        before = text[end : found.start()] + "\\" * kept + literal
        if before:
            yield Text(before)
        if not is_escaped:
            yield Variable(plain or braced)
        end = found.end()
    if end < len(text):
        yield Text(text[end:])


def _is_variable(piece: Piece) -> bool:
    return isinstance(piece, Variable)


def _replaced(piece: Piece, variable: Callable[[str], str], home: Callable[[str], str]) -> str:
    match piece:
        case Text(text):
            return text
        case Variable(name):
            return variable(name)
        case Home(user):
            return home(user)
        case _:
            assert_never(piece)
