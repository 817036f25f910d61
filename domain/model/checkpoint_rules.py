"""When snapshots are to be made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

_SMALLEST: Final = 2.0**-1022  # numbers below have fewer digits than others


@dataclass(frozen=True)
class CheckpointAtRule:
    """Moments given one by one.

    Attributes:
        at: The moments, in seconds (wallclock) or the model's unit of time (simulation).
    """

    at: tuple[float, ...]

    def __post_init__(self) -> None:
        for moment in self.at:
            _check_finite("at", moment)

    def __bool__(self) -> bool:
        return bool(self.at)

    def next_after(self, moment: float) -> float | None:
        """Return the first moment later than the given one, if there is any."""
        return min((time for time in self.at if time > moment), default=None)

    def last_until(self, moment: float) -> float | None:
        """Return the last moment not later than the given one, if there is any."""
        return max((time for time in self.at if time <= moment), default=None)


@dataclass(frozen=True)
class CheckpointRangeRule:
    """Moments at equal distances.

    Attributes:
        every: The distance; positive.
        start: The first moment; None for all multiples of `every`, negative ones too.
        stop: No moment is later than this; None for no end.
    """

    every: float
    start: float | None = None
    stop: float | None = None

    def __post_init__(self) -> None:
        if not self.every > 0:
            msg = f"'every' of a checkpoint rule must be larger than 0, it is {self.every}"
            raise ValueError(msg)
        _check_finite("every", self.every)
        if self.every < _SMALLEST:
            msg = f"'every' of a checkpoint rule is too small to count with, it is {self.every}"
            raise ValueError(msg)
        if self.start is not None:
            _check_finite("start", self.start)
        if self.stop is not None and math.isnan(self.stop):
            msg = "'stop' of a checkpoint rule must be a number, it is nan"
            raise ValueError(msg)

    def next_after(self, moment: float) -> float | None:
        """Return the first moment later than the given one, if there is any."""
        if self.start is not None and moment < self.start:
            result = self.start
        elif math.isinf(moment):
            return None
        else:
            origin = self.start or 0.0
            steps = self._steps(origin, moment)
            result = moment if steps is None else self._multiple(origin, steps + 1)
            if result <= moment:  # it was rounded down
                result = max(result + self.every, math.nextafter(moment, math.inf))
        return None if self.stop is not None and result > self.stop else result

    def last_until(self, moment: float) -> float | None:
        """Return the last moment not later than the given one, if there is any."""
        if self.stop is not None and moment > self.stop:
            moment = self.stop
        if math.isinf(moment) or (self.start is not None and moment < self.start):
            return None
        origin = self.start or 0.0
        steps = self._steps(origin, moment)
        if steps is None:
            return moment
        # the quotient is rounded, and may be one off either way
        if self._multiple(origin, steps + 1) <= moment:
            steps += 1
        elif self._multiple(origin, steps) > moment:
            steps -= 1
        return min(moment, self._multiple(origin, steps))

    def _steps(self, origin: float, moment: float) -> int | None:
        """Return how many whole distances there are up to a moment; None if too many to count."""
        steps = (moment - origin) / self.every
        return math.floor(steps) if math.isfinite(steps) else None

    def _multiple(self, origin: float, steps: int) -> float:
        return origin + steps * self.every


def _check_finite(key: str, value: float) -> None:
    if not math.isfinite(value):
        msg = f"'{key}' of a checkpoint rule must be a finite number, it is {value}"
        raise ValueError(msg)


CheckpointRule: TypeAlias = CheckpointAtRule | CheckpointRangeRule


class CheckpointSchedule:
    """The moments of some rules on one clock, of which some have been answered by a snapshot.

    Args:
        rules: The rules.
        clock_name: What to call the clock in words.
    """

    __slots__ = ("_answers_first", "_clock_name", "_next", "_rules", "_started")

    def __init__(self, rules: Sequence[CheckpointRule], clock_name: str) -> None:
        self._rules = rules
        self._clock_name = clock_name
        self._next: float | None = None
        self._started = False
        self._answers_first = False

    def answer_first(self) -> None:
        """Let a snapshot be the answer to all moments up to the time that is asked about next."""
        self._answers_first = True

    def answer_until(self, time: float) -> None:
        """Let a snapshot be the answer to all moments up to a time, which is included.

        A time that is not finite answers nothing.
        """
        if math.isfinite(time):
            self._started = True
            self._next = self._next_after(time)

    def due_at(self, time: float) -> str | None:
        """Return in words which moment has been reached or passed, None if there is none.

        Nobody knows at what time simulation begins. So, if nothing has been answered before, a
        moment that lies before now counts as reached: the last of them. At a time that is not
        finite, such as that of an empty message, none has been.
        """
        if self._answers_first:
            self._answers_first = False
            self.answer_until(time)
        if not math.isfinite(time):
            return None
        if not self._started:
            self._started = True
            last = self._last_until(time)
            self._next = self._next_after(time) if last is None else last
        if self._next is None or time < self._next:
            return None
        return f"{self._clock_name} >= {float(self._next)}"

    def _next_after(self, time: float) -> float | None:
        moments = [rule.next_after(time) for rule in self._rules]
        return min((moment for moment in moments if moment is not None), default=None)

    def _last_until(self, time: float) -> float | None:
        moments = [rule.last_until(time) for rule in self._rules]
        return max((moment for moment in moments if moment is not None), default=None)


class Checkpoints(NamedTuple):
    """All rules of a configuration.

    Attributes:
        at_end: Whether each instance makes a snapshot at its end.
        wallclock_time: Rules on the time since the start of the run, in seconds.
        simulation_time: Rules on the models' own time.
    """

    at_end: bool = False
    wallclock_time: tuple[CheckpointRule, ...] = ()
    simulation_time: tuple[CheckpointRule, ...] = ()

    def joined_with(self, others: Checkpoints) -> Checkpoints:
        """Return these rules and others together."""
        return Checkpoints(
            self.at_end or others.at_end,
            self.wallclock_time + others.wallclock_time,
            self.simulation_time + others.simulation_time,
        )

    def __bool__(self) -> bool:
        return self.at_end or any(self.wallclock_time + self.simulation_time)


class CheckpointInfo(NamedTuple):
    """What an instance is told about checkpoints when it starts.

    Attributes:
        elapsed: Seconds since the start of the run.
        checkpoints: When to make snapshots.
        resume_from: Path of the snapshot to resume from, or None to start from scratch.
        snapshot_directory: Where to put new snapshots; None for the working directory.
        on_request: Whether the manager may ask for a snapshot at any time (ours).
        must_store: Whether a snapshot that cannot be stored ends the simulation (ours).
    """

    elapsed: float
    checkpoints: Checkpoints
    resume_from: str | None = None
    snapshot_directory: str | None = None
    on_request: bool = False
    must_store: bool = False
