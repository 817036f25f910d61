"""When the instances of a run are to save."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from application.interfaces.clock import Clock
from domain.errors import ConfigurationError
from domain.model.checkpoint_rules import CheckpointAtRule, Checkpoints

LAST_MOMENTS: Final = 100
"""How often those save that cannot be asked: at one moment two may be a message apart."""


@dataclass(frozen=True)
class CheckpointOptions:
    """What the user wishes about checkpoints, beside the rules of the configuration.

    Attributes:
        save_time: For how many seconds, before the run is stopped, instances may save; None for not
            at all.
        stop_at: When the run is to be stopped, in seconds since the Unix epoch; None for never.
        must_store: Whether a snapshot that cannot be stored ends the simulation.
    """

    save_time: float | None = None
    stop_at: float | None = None
    must_store: bool = False


class RunCheckpoints:
    """Answers when instances are to save, and asks them to.

    The run begins when this is made.

    Args:
        configured: The rules of the configuration.
        options: What else the user wishes.
        clock: Tells the time.

    Raises:
        ConfigurationError: If the run would be over before it could begin.
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
        """Whether instances are to save, by rules or when they are asked."""
        return bool(self.checkpoints) or self.on_request

    def elapsed(self) -> float:
        """Return the seconds since the start of the run."""
        return self._clock.monotonic() - self._start

    def await_request(self, instance: str, requested: Callable[[str], None]) -> None:
        """Call back, with the reason, when an instance is to save."""
        if self._reason is not None:
            requested(self._reason)
        else:
            self._waiting[instance] = requested

    def forget(self, instance: str) -> None:
        """Take note that an instance is done."""
        self._waiting.pop(instance, None)

    @property
    def awaiting(self) -> int:
        """How many instances can be asked."""
        return len(self._waiting)

    def ask_all(self, reason: str) -> None:
        """Have all our own instances save, now and whenever they can."""
        self._reason = reason
        waiting, self._waiting = self._waiting, {}
        for requested in waiting.values():
            requested(reason)


def last_rule(options: CheckpointOptions, now: float) -> Checkpoints:
    """Return the rule by which instances save before the run is stopped, if that is known.

    MUSCLE3's instances cannot be asked, but follow rules.

    Args:
        options: When the run is to be stopped.
        now: When it begins, in seconds since the Unix epoch.

    Raises:
        ConfigurationError: If it would be over before it could begin.
    """
    if options.stop_at is None:
        return Checkpoints()
    left = options.stop_at - now
    if left <= (options.save_time or 0.0):
        saving = f", of which {options.save_time:g} s are for saving" if options.save_time else ""
        msg = (
            f"There is no time for this run: it is to be stopped in {left:.0f} s{saving}. Choose a"
            " later moment for --stop-at, or ask for a longer allocation."
        )
        raise ConfigurationError(msg)
    if options.save_time is None:
        return Checkpoints()
    first, apart = left - options.save_time, options.save_time / LAST_MOMENTS
    moments = tuple(first + number * apart for number in range(LAST_MOMENTS))
    return Checkpoints(wallclock_time=(CheckpointAtRule(moments),))
