"""What the user may have meant."""

from __future__ import annotations

from collections.abc import Iterable

MOST_LISTED = 8


def hint(wrong: object, possible: Iterable[object]) -> str:
    """Return a sentence that offers names close to a wrong one, or else all that there are.

    Args:
        wrong: What the user wrote.
        possible: What could have stood there.

    Returns:
        A sentence with a space before it; empty if there is nothing to offer.
    """
    names = sorted({str(name) for name in possible})
    close = did_you_mean(wrong, names)
    if close:
        return close
    if names and len(names) <= MOST_LISTED:
        return f" There is: {', '.join(names)}."
    return ""


def did_you_mean(wrong: object, possible: Iterable[object]) -> str:
    """Return a sentence that offers the names close to a wrong one, where all are listed anyway.

    Args:
        wrong: What the user wrote.
        possible: What could have stood there.

    Returns:
        A sentence with a space before it; empty if there is no name like it.
    """
    from difflib import get_close_matches  # models import us, and seldom make mistakes

    names = sorted({str(name) for name in possible})
    close = get_close_matches(str(wrong), names, n=3, cutoff=0.6)
    return f" Did you mean {_one_of(close)}?" if close else ""


def _one_of(names: list[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
