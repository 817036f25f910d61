"""Decides when instances save: by rules, and at the manager's request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from application.interfaces.clock import Clock
from domain.errors import ConfigurationError
from domain.model.checkpoint_rules import CheckpointAtRule, Checkpoints

LAST_CHECKPOINTS: Final = 100
"""Number of checkpoint times before a stop. At only one, instances may be a message apart."""


@dataclass(frozen=True)
class CheckpointOptions:
    """The user's checkpoint options, in addition to the rules of the configuration.

    Attributes:
        save_time: Number of seconds that instances have for saving before the run is stopped; None
            to stop without saving.
        stop_at: When to stop the run, in seconds since the Unix epoch; None for never.
        must_store: Whether a snapshot that cannot be stored ends the simulation.
    """

    save_time: float | None = None
    stop_at: float | None = None
    must_store: bool = False


class RunCheckpoints:
    """Holds the checkpoint rules of a run, and passes on requests to save now.

    The run starts when this is created.

    Args:
        configured: The rules of the configuration.
        options: The user's options.
        clock: The clock of the run.

    Raises:
        ConfigurationError: If the run would have to stop before it could start.
    """

    def __init__(
        self, configured: Checkpoints, options: CheckpointOptions, *, clock: Clock
    ) -> None:
        self._clock = clock
        self._start = clock.monotonic()
        self._waiting: dict[str, Callable[[str], None]] = {}
        self._reason: str | None = None
        self.on_request: Final = options.save_time is not None
        self.must_store: Final = options.must_store
        self.checkpoints: Final = configured.joined_with(last_rule(options, clock.time()))

    @property
    def are_made(self) -> bool:
        """Whether instances save, by rules or on request."""
        return bool(self.checkpoints) or self.on_request

    def elapsed(self) -> float:
        """Return the seconds since the start of the run."""
        return self._clock.monotonic() - self._start

    def await_request(self, instance: str, requested: Callable[[str], None]) -> None:
        """Call back with the reason when an instance is requested to save."""
        if self._reason is not None:
            requested(self._reason)
        else:
            self._waiting[instance] = requested

    def forget(self, instance: str) -> None:
        """Drop the callback of a finished instance."""
        self._waiting.pop(instance, None)

    def request_all(self, reason: str) -> None:
        """Request all instances with Conjoin's library to save at every opportunity."""
        self._reason = reason
        waiting, self._waiting = self._waiting, {}
        for requested in waiting.values():
            requested(reason)


def last_rule(options: CheckpointOptions, now: float) -> Checkpoints:
    """Return the rule that makes instances save before the run stops at a known time.

    Instances with MUSCLE3's library do not support requests to save, but they follow rules.

    Args:
        options: When to stop the run.
        now: When it starts, in seconds since the Unix epoch.

    Raises:
        ConfigurationError: If the run would have to stop before it could start.
    """
    if options.stop_at is None:
        return Checkpoints()
    left = options.stop_at - now
    if left <= (options.save_time or 0.0):
        saving = f", {options.save_time:g} s of which are for saving" if options.save_time else ""
        msg = (
            f"No time is left for this run: it has to stop in {left:.0f} s{saving}. Choose a later"
            " time for --stop-at, or ask for a longer allocation."
        )
        raise ConfigurationError(msg)
    if options.save_time is None:
        return Checkpoints()
    first, interval = left - options.save_time, options.save_time / LAST_CHECKPOINTS
    times = tuple(first + number * interval for number in range(LAST_CHECKPOINTS))
    return Checkpoints(wallclock_time=(CheckpointAtRule(times),))
