"""What the actors and functions of a simulated program have done, and the rules for that."""

import itertools
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stamp:
    """Identifies a call in the journal.

    Attributes:
        token: Unique in the run.
        caller: Who has made the call.
        number: Number of the call among those of this caller to this actor.
    """

    token: int
    caller: str = ""
    number: int = 0


@dataclass
class Journal:
    """Records executions, and what was wrong with them.

    Attributes:
        executions: How often each call was executed.
        ended: The calls that came to their end.
        violations: What must not happen.
    """

    executions: Counter[int] = field(default_factory=Counter)
    ended: set[int] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    _latest: dict[tuple[int, str], int] = field(default_factory=dict)
    _running: Counter[int] = field(default_factory=Counter)
    _instances: itertools.count = field(default_factory=itertools.count)

    def new_instance(self) -> int:
        """Return the number of a new actor."""
        return next(self._instances)

    def begin(self, stamp: Stamp, instance: int | None = None, *, is_exclusive=True) -> None:
        """Record that a call begins."""
        self.executions[stamp.token] += 1
        if instance is None or not is_exclusive:
            return
        self._running[instance] += 1
        if self._running[instance] > 1:
            self.violations.append(f"actor {instance} runs {stamp} beside another call")
        latest = self._latest.get((instance, stamp.caller), -1)
        if stamp.number < latest:
            self.violations.append(f"actor {instance} runs {stamp} after call {latest}")
        self._latest[instance, stamp.caller] = max(latest, stamp.number)

    def end(self, stamp: Stamp, instance: int | None = None) -> None:
        """Record that a call ends."""
        self.ended.add(stamp.token)
        if instance is not None:
            self._running[instance] -= 1


class Current:
    """Holds the journal of the run."""

    journal = Journal()


def journal() -> Journal:
    """Return the journal of the run."""
    return Current.journal
