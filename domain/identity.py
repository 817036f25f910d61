"""Names: identifiers, and references composed of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TypeAlias, overload

_IDENTIFIER = re.compile(r"[a-zA-Z_]\w*", re.ASCII)
_PART = re.compile(r"\.?([a-zA-Z_]\w*)|\[(\d+)\]", re.ASCII)


class Identifier(str):
    """A single name: letters, digits and underscores, not starting with a digit.

    Raises:
        ValueError: If the text is not a valid identifier.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Identifier:  # noqa: PYI034 - Self needs Python 3.11
        if not _IDENTIFIER.fullmatch(text):
            msg = (
                f"'{text}' is not a valid name: use letters, digits and underscores, and do not"
                " start with a digit."
            )
            raise ValueError(msg)
        return super().__new__(cls, text)


ReferencePart: TypeAlias = Identifier | int


class Reference:
    """A name with a path and indices, such as `a.b[3].c`.

    A reference is immutable and hashable. It equals its own text as well as an equal reference.

    Args:
        parts: The text, or a sequence of names and indices. An empty sequence gives the empty
            reference, which denotes the model itself.

    Raises:
        ValueError: If it is not a valid reference.

    Example:
        >>> Reference("micro[3].final_state")[:-1]
        Reference("micro[3]")
    """

    __slots__ = ("_hash", "_parts", "_text")

    def __init__(self, parts: str | Iterable[str | int]) -> None:
        if isinstance(parts, str):
            self._parts = _parse(parts)
        else:
            self._parts = tuple(
                part if isinstance(part, (int, Identifier)) else Identifier(str(part))
                for part in parts
            )
            if self._parts and isinstance(self._parts[0], int):
                msg = f"A reference starts with a name, not with an index: {list(self._parts)}"
                raise ValueError(msg)
        self._text = _format(self._parts)
        self._hash = hash(self._text)

    @classmethod
    def _of(cls, parts: tuple[ReferencePart, ...]) -> Reference:
        """Return the reference with parts that are known to be valid."""
        reference = cls.__new__(cls)
        reference._parts = parts
        reference._text = _format(parts)
        reference._hash = hash(reference._text)
        return reference

    @property
    def parts(self) -> tuple[ReferencePart, ...]:
        """The names and indices that make up this reference."""
        return self._parts

    @property
    def indices(self) -> tuple[int, ...]:
        """The indices at the end: `(3, 0)` for `a.b[3][0]`."""
        last = self._parts[self._end_of_name() :]
        return tuple(part for part in last if isinstance(part, int))

    def without_trailing_ints(self) -> Reference:
        """Return this reference without the indices at its end."""
        end = self._end_of_name()
        return self if end == len(self._parts) else self._of(self._parts[:end])

    def _end_of_name(self) -> int:
        """Return how many parts precede the indices at the end."""
        end = len(self._parts)
        while end > 0 and isinstance(self._parts[end - 1], int):
            end -= 1
        return end

    def starts_with(self, other: Reference) -> bool:
        """Return whether this reference begins with all parts of the other."""
        return self._parts[: len(other)] == other._parts

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f'Reference("{self._text}")'

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[ReferencePart]:
        return iter(self._parts)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Reference):
            return self._text == other._text
        if isinstance(other, str):
            return self._text == other
        return NotImplemented

    def __lt__(self, other: Reference) -> bool:
        return self._sort_key() < other._sort_key()

    @overload
    def __getitem__(self, key: int) -> ReferencePart: ...

    @overload
    def __getitem__(self, key: slice) -> Reference: ...

    def __getitem__(self, key: int | slice) -> ReferencePart | Reference:
        if isinstance(key, slice):
            return Reference(self._parts[key])
        return self._parts[key]

    def __add__(self, other: Reference | str | int | Iterable[str | int]) -> Reference:
        if isinstance(other, Reference):
            return Reference(self._parts + other._parts)
        if isinstance(other, (str, int)):
            return Reference((*self._parts, other))
        return Reference((*self._parts, *other))

    def __reduce__(self) -> tuple[type[Reference], tuple[tuple[ReferencePart, ...]]]:
        return Reference, (self._parts,)

    def _sort_key(self) -> tuple[tuple[int, int, str], ...]:
        return tuple(
            (0, part, "") if isinstance(part, int) else (1, 0, part) for part in self._parts
        )


@lru_cache(maxsize=4096)
def _parse(text: str) -> tuple[ReferencePart, ...]:
    parts: list[ReferencePart] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None or (text[position] == ".") != (bool(parts) and match[1] is not None):
            break
        parts.append(Identifier(match[1]) if match[1] is not None else int(match[2]))
        position = match.end()
    if position < len(text) or not parts or isinstance(parts[0], int):
        msg = (
            f"'{text}' is not a valid reference: write names separated by periods, each optionally"
            " followed by indices in brackets, as in 'macro.micro[3]'."
        )
        raise ValueError(msg)
    return tuple(parts)


def _format(parts: tuple[ReferencePart, ...]) -> str:
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
