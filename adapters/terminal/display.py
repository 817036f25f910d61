"""Chooses how to show a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TextIO

from adapters.terminal.live_panel import LivePanel
from adapters.terminal.plain_progress import PlainProgress


def display_for(
    stream: TextIO,
    *,
    model: str,
    instances: Sequence[str],
    output: Callable[[], Sequence[str]] = tuple,
) -> LivePanel | PlainProgress:
    """Return a live panel for a terminal, or a plain display for anything else.

    Args:
        stream: Where to show the run.
        model: Name of the model.
        instances: All instances, in order.
        output: Returns new lines of the output of programs, to print.
    """
    if stream.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        return LivePanel(model, instances, stream=stream, output=output)
    return PlainProgress(model, instances, stream=stream, output=output)
