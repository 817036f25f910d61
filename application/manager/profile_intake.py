"""Passes profile events on to the profile store, within limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from structlog.typing import FilteringBoundLogger

from application.interfaces.profile_store import MeteredProfileStore, ProfileStore
from domain.coupling.settings import Settings
from domain.errors import ConfigurationError
from domain.identity import Reference
from domain.running.profiling import DropReason, ProfileEvent

LIMIT_SETTING: Final = "muscle_profile_limit"
DEFAULT_LIMIT: Final = 10_000_000
"""How many events a profile has at most; its file then takes about 1 GB."""

MAX_BACKLOG: Final = 50_000
"""How many events may wait to be stored. The store needs less than a second for them."""


_IN_WORDS: Final = {
    DropReason.INSTANCE_QUEUE: "the manager was too busy to take them",
    DropReason.MANAGER_QUEUE: "they could not be stored fast enough",
}


class ProfileIntake:
    """Passes profile events on, and drops and counts those that are too many.

    Args:
        store: Stores the events.
        limit: How many events to store at most.
        log: The manager's log, which names each instance whose events are dropped.
    """

    def __init__(self, store: ProfileStore, *, limit: int, log: FilteringBoundLogger) -> None:
        self._store = store
        self._left = limit
        self._limit = limit
        self._log = log
        self._dropped: Counter[str] = Counter()
        self._reasons: dict[DropReason, None] = {}

    def add(self, instance: Reference, events: Sequence[ProfileEvent], *, dropped: int = 0) -> None:
        """Store events of an instance, or drop them.

        Args:
            instance: The instance.
            events: The events.
            dropped: How many other events the instance itself has dropped.
        """
        if dropped:
            self._note_dropped(instance, DropReason.INSTANCE_QUEUE, dropped)
        if not events:
            return
        if self._backlog() + len(events) > MAX_BACKLOG:
            self._note_dropped(instance, DropReason.MANAGER_QUEUE, len(events))
            return
        kept = events[: self._left]
        if kept:
            self._left -= len(kept)
            self._store.add_events(instance, kept)
        if len(kept) < len(events):
            self._note_dropped(instance, DropReason.LIMIT, len(events) - len(kept))

    def warnings(self) -> tuple[str, ...]:
        """Return warnings about events that are missing in the profile."""
        return (*self._losses(), *self._drops())

    def _losses(self) -> tuple[str, ...]:
        problem = self._store.problem if isinstance(self._store, MeteredProfileStore) else ""
        return (problem,) if problem else ()

    def _drops(self) -> tuple[str, ...]:
        if not self._dropped:
            return ()
        counts = ", ".join(f"{name}: {count}" for name, count in sorted(self._dropped.items()))
        reasons = ", and ".join(self._in_words(reason) for reason in self._reasons)
        warning = (
            f"The profile is incomplete: {self._dropped.total()} events were dropped, because"
            f" {reasons}. Dropped events by instance: {counts}."
        )
        return (warning,)

    def _backlog(self) -> int:
        return self._store.backlog if isinstance(self._store, MeteredProfileStore) else 0

    def _note_dropped(self, instance: Reference, reason: DropReason, count: int) -> None:
        if isinstance(self._store, MeteredProfileStore):
            self._store.add_dropped(instance, reason, count)
        is_first = str(instance) not in self._dropped or reason not in self._reasons
        self._dropped[str(instance)] += count
        self._reasons[reason] = None
        if is_first:
            self._log.warning(
                f"Profile events of '{instance}' are dropped, because {self._in_words(reason)}."
                " The number is logged at the end of the run."
            )

    def _in_words(self, reason: DropReason) -> str:
        if reason is DropReason.LIMIT:
            return f"the limit of {self._limit} events was reached (setting '{LIMIT_SETTING}')"
        return _IN_WORDS[reason]


def profile_limit(settings: Settings) -> int:
    """Return how many profile events to store at most.

    Raises:
        ConfigurationError: If the setting is not a number of events.
    """
    limit = settings.get(Reference(LIMIT_SETTING), DEFAULT_LIMIT)
    if isinstance(limit, int) and not isinstance(limit, bool) and limit >= 0:
        return limit
    msg = f"Setting '{LIMIT_SETTING}' must be a number of events, but it is {limit!r}."
    raise ConfigurationError(msg)
