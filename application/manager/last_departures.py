"""Waits at the end of a run until the programs of deregistered instances have left.

MUSCLE3's programs end their session with the manager after they have deregistered. Those in C++ and
Fortran hang if the manager has left before, and may then disturb the next run at the same port. The
ends of programs that an agent has started are awaited anyway; this is for those started by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Final, final

from structlog.typing import FilteringBoundLogger

from application.interfaces.clock import Clock, Scheduler
from application.manager.registration import InstanceRegistry
from domain.identity import Reference

PATIENCE: Final = 30.0
"""Seconds to wait at most."""

SHOW_AFTER: Final = 2.0
"""Seconds after which the log shows for which instances the manager waits."""

PAUSE: Final = 0.02
"""Seconds between two looks."""


@final
class LastDepartures:
    """Waits until no deregistered instance is connected.

    Args:
        registry: Reports which instances are registered.
        clock: Measures how long to wait.
        scheduler: Schedules callbacks.
        log: The manager's log.
        patience: Seconds to wait at most.
    """

    def __init__(
        self,
        registry: InstanceRegistry,
        *,
        clock: Clock,
        scheduler: Scheduler,
        log: FilteringBoundLogger,
        patience: float = PATIENCE,
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._scheduler = scheduler
        self._log = log
        self._patience = patience
        self._connected: Callable[[], Collection[str]] = frozenset

    def watch(self, connected: Callable[[], Collection[str]]) -> None:
        """Set the function that returns the instances whose programs are connected."""
        self._connected = connected

    def wait(self, done: Callable[[], None]) -> None:
        """Call back once all have left, at the latest after the time to wait."""
        self._look(self._clock.monotonic(), done, is_shown=False)

    def _look(self, since: float, done: Callable[[], None], *, is_shown: bool) -> None:
        present = self._present()
        passed = self._clock.monotonic() - since
        if not present or passed >= self._patience:
            if present:
                self._log.warning(
                    "the run ends although programs of deregistered instances are still connected:"
                    " they may hang, so end them",
                    instances=", ".join(present),
                )
            done()
            return
        if passed >= SHOW_AFTER and not is_shown:
            self._log.info(
                "waiting until the programs of deregistered instances have left",
                instances=", ".join(present),
                seconds=self._patience,
            )
            is_shown = True
        self._scheduler.call_later(PAUSE, partial(self._look, since, done, is_shown=is_shown))

    def _present(self) -> list[str]:
        return sorted(
            name for name in self._connected() if not self._registry.is_registered(Reference(name))
        )
