"""When snapshots are to be made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


class CheckpointAtRule(NamedTuple):
    """Moments given one by one.

    Attributes:
        at: The moments, in seconds (wallclock) or the model's unit of time (simulation).
    """

    at: tuple[float, ...]

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

    def next_after(self, moment: float) -> float | None:
        """Return the first moment later than the given one, if there is any."""
        if self.start is not None and moment < self.start:
            result = self.start
        else:
            origin = self.start or 0.0
            result = self._multiple(origin, math.floor((moment - origin) / self.every) + 1)
            while result <= moment:
                result += self.every
        return None if self.stop is not None and result > self.stop else result

    def last_until(self, moment: float) -> float | None:
        """Return the last moment not later than the given one, if there is any."""
        if self.stop is not None and moment > self.stop:
            moment = self.stop
        if self.start is not None and moment < self.start:
            return None
        origin = self.start or 0.0
        steps = math.floor((moment - origin) / self.every)
        if self._multiple(origin, steps + 1) <= moment:
            steps += 1
        return self._multiple(origin, steps)

    def _multiple(self, origin: float, steps: int) -> float:
        return origin + steps * self.every


CheckpointRule: TypeAlias = CheckpointAtRule | CheckpointRangeRule


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

    def __bool__(self) -> bool:
        return self.at_end or bool(self.wallclock_time or self.simulation_time)


class CheckpointInfo(NamedTuple):
    """What an instance is told about checkpoints when it starts.

    Attributes:
        elapsed: Seconds since the start of the run.
        checkpoints: When to make snapshots.
        resume_from: Path of the snapshot to resume from, or None to start from scratch.
        snapshot_directory: Where to put new snapshots; None for the working directory.
    """

    elapsed: float
    checkpoints: Checkpoints
    resume_from: str | None = None
    snapshot_directory: str | None = None
