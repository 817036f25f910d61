"""Checkpoint rules: when the instances of a run make snapshots."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

_SMALLEST: Final = 2.0**-1022  # smaller floats are subnormal, with fewer digits


@dataclass(frozen=True)
class CheckpointAtRule:
    """Checkpoint times given one by one.

    Attributes:
        at: The times, in seconds (wallclock) or in the model's unit of time (simulation).
    """

    at: tuple[float, ...]

    def __post_init__(self) -> None:
        for time in self.at:
            _check_finite("at", time)

    def __bool__(self) -> bool:
        return bool(self.at)

    def next_after(self, time: float) -> float | None:
        """Return the first checkpoint time after a time, if any."""
        return min((item for item in self.at if item > time), default=None)

    def last_until(self, time: float) -> float | None:
        """Return the last checkpoint time not after a time, if any."""
        return max((item for item in self.at if item <= time), default=None)


@dataclass(frozen=True)
class CheckpointRangeRule:
    """Checkpoint times at equal intervals.

    Attributes:
        every: The interval; positive.
        start: The first time; None for all multiples of `every`, including negative ones.
        stop: No time is later than this; None for no end.
    """

    every: float
    start: float | None = None
    stop: float | None = None

    def __post_init__(self) -> None:
        if not self.every > 0:
            msg = f"'every' of a checkpoint rule must be greater than 0, not {self.every}"
            raise ValueError(msg)
        _check_finite("every", self.every)
        if self.every < _SMALLEST:
            msg = f"'every' of a checkpoint rule is too small: {self.every}"
            raise ValueError(msg)
        if self.start is not None:
            _check_finite("start", self.start)
        if self.stop is not None and math.isnan(self.stop):
            msg = "'stop' of a checkpoint rule must be a number, not nan"
            raise ValueError(msg)

    def next_after(self, time: float) -> float | None:
        """Return the first checkpoint time after a time, if any."""
        if self.start is not None and time < self.start:
            result = self.start
        elif math.isinf(time):
            return None
        else:
            origin = self.start or 0.0
            steps = self._steps(origin, time)
            result = time if steps is None else self._multiple(origin, steps + 1)
            if result <= time:  # rounded down
                result = max(result + self.every, math.nextafter(time, math.inf))
        return None if self.stop is not None and result > self.stop else result

    def last_until(self, time: float) -> float | None:
        """Return the last checkpoint time not after a time, if any."""
        if self.stop is not None and time > self.stop:
            time = self.stop
        if math.isinf(time) or (self.start is not None and time < self.start):
            return None
        origin = self.start or 0.0
        steps = self._steps(origin, time)
        if steps is None:
            return time
        # the quotient is rounded, and may be off by one either way
        if self._multiple(origin, steps + 1) <= time:
            steps += 1
        elif self._multiple(origin, steps) > time:
            steps -= 1
        return min(time, self._multiple(origin, steps))

    def _steps(self, origin: float, time: float) -> int | None:
        """Return the number of whole intervals up to a time; None if too many to represent."""
        steps = (time - origin) / self.every
        return math.floor(steps) if math.isfinite(steps) else None

    def _multiple(self, origin: float, steps: int) -> float:
        return origin + steps * self.every


def _check_finite(key: str, value: float) -> None:
    if not math.isfinite(value):
        msg = f"'{key}' of a checkpoint rule must be a finite number, not {value}"
        raise ValueError(msg)


CheckpointRule: TypeAlias = CheckpointAtRule | CheckpointRangeRule


class Checkpoints(NamedTuple):
    """All checkpoint rules of a configuration.

    Attributes:
        at_end: Whether each instance makes a snapshot when it ends.
        wallclock_time: Rules on the time since the start of the run, in seconds.
        simulation_time: Rules on the simulation time of the models.
    """

    at_end: bool = False
    wallclock_time: tuple[CheckpointRule, ...] = ()
    simulation_time: tuple[CheckpointRule, ...] = ()

    def joined_with(self, others: Checkpoints) -> Checkpoints:
        """Return these rules combined with others."""
        return Checkpoints(
            self.at_end or others.at_end,
            self.wallclock_time + others.wallclock_time,
            self.simulation_time + others.simulation_time,
        )

    def __bool__(self) -> bool:
        return self.at_end or any(self.wallclock_time + self.simulation_time)


class CheckpointInfo(NamedTuple):
    """The information about checkpoints that an instance needs when it starts.

    Attributes:
        elapsed: Seconds since the start of the run.
        checkpoints: When to make snapshots.
        resume_from: Location of the snapshot to resume from; None to start from scratch.
        snapshot_directory: Where to store new snapshots; None for the working directory.
        on_request: Whether the manager may request a snapshot at any time (Conjoin only).
        must_store: Whether a snapshot that cannot be stored ends the simulation (Conjoin only).
    """

    elapsed: float
    checkpoints: Checkpoints
    resume_from: str | None = None
    snapshot_directory: str | None = None
    on_request: bool = False
    must_store: bool = False
