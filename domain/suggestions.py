"""Suggestions for names that the user may have meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MOST_LISTED = 8


def few(names: Sequence[str], noun: str) -> str:
    """Return a list of names for a message, or only their number if they are too many to list.

    Args:
        names: The names.
        noun: What they are names of, in the singular.
    """
    if 0 < len(names) <= MOST_LISTED:
        return ", ".join(names)
    return f"{len(names) or 'no'} {noun}s"


def hint(wrong: object, possible: Iterable[object]) -> str:
    """Return a sentence that suggests names similar to a wrong one, or lists all possible names.

    Args:
        wrong: What the user wrote.
        possible: The valid names.

    Returns:
        A sentence with a space before it; empty if there are no valid names.
    """
    names = sorted({str(name) for name in possible})
    close = did_you_mean(wrong, names)
    if close:
        return close
    if names and len(names) <= MOST_LISTED:
        return f" Valid names: {', '.join(names)}."
    return ""


def did_you_mean(wrong: object, possible: Iterable[object]) -> str:
    """Return a sentence that suggests names similar to a wrong one, without listing all names.

    Args:
        wrong: What the user wrote.
        possible: The valid names.

    Returns:
        A sentence with a space before it; empty if no name is similar.
    """
    from difflib import get_close_matches  # lazily: models rarely need it, and import this module

    names = sorted({str(name) for name in possible})
    close = get_close_matches(str(wrong), names, n=3, cutoff=0.6)
    return f" Did you mean {_one_of(close)}?" if close else ""


def _one_of(names: list[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
