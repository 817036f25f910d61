"""The display of `conjoin run` while the run goes on."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from adapters.filesystem.output_follower import OutputFollower
    from entrypoints._manager.manager_api import Manager


class Closable(Protocol):
    """A display of a run."""

    def close(self) -> None:
        """Show what is left, and end."""


@contextlib.contextmanager
def shown(manager: Manager, *, quiet: bool, echoed: Sequence[str]) -> Iterator[None]:
    """Show the progress of the run, and the output of some instances."""
    if quiet and not echoed:
        yield
        return
    from adapters.filesystem.output_follower import OutputFollower

    folder = manager.run_directory / "instances"
    output = OutputFollower({name: folder / name for name in echoed})
    display = _display(manager, output, quiet=quiet)
    try:
        yield
    finally:
        output.finish()
        display.close()


def _display(manager: Manager, output: OutputFollower, *, quiet: bool) -> Closable:
    if quiet:
        from adapters.terminal.output_lines import OutputLines

        return OutputLines(output.new_lines, stream=sys.stdout)
    from adapters.terminal.display import display_for

    model = manager.configuration.model
    instances = list(map(str, model.instances()))
    display = display_for(
        sys.stdout, model=str(model.name), instances=instances, output=output.new_lines
    )
    manager.watch(display)
    return display
