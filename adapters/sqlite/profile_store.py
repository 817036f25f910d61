"""Stores a profile in an SQLite file, written by a dedicated thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeAlias, final

from typing_extensions import override

from adapters.sqlite.schema import (
    INSERT_CORE,
    INSERT_DROPPED,
    INSERT_EVENT,
    INSERT_INSTANCE,
    creation_script,
)
from application.interfaces.profile_store import MeteredProfileStore
from domain.identity import Reference
from domain.placement.resources import Resources
from domain.running.profiling import DropReason, ProfileEvent

_Row: TypeAlias = "tuple[object, ...]"


@dataclass(frozen=True)
class _Insertion:
    """Rows to be written with one statement."""

    statement: str
    rows: Sequence[_Row]


@dataclass(frozen=True)
class _EventsOfInstance:
    """Events to be written; the writer's thread, not the caller's, converts them to rows."""

    oid: int
    events: Sequence[ProfileEvent]


_Work: TypeAlias = "_Insertion | _EventsOfInstance"


@final
class SqliteProfileStore(MeteredProfileStore):
    """Writes performance.sqlite.

    The caller only puts its events into a queue. The writer stores all queued events in one
    transaction. If storing fails, the run continues; lost rows are counted and reported by
    `close`.

    Args:
        path: The file. An existing file of an earlier run is replaced.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._oids: dict[Reference, int] = {}
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
        self._added_events = 0
        self._writer = _Writer(path, self._queue)
        self._thread: Thread | None = Thread(
            target=self._writer.run, name="profile writer", daemon=True
        )
        self._thread.start()

    @override
    def add_instances(self, instances: Sequence[Reference]) -> None:
        new = [instance for instance in instances if instance not in self._oids]
        rows = [(self._new_oid(instance), str(instance)) for instance in new]
        self._queue.put(_Insertion(INSERT_INSTANCE, rows))

    @override
    def add_resources(self, assigned: Mapping[Reference, Resources]) -> None:
        rows = [
            (self._oids[instance], node.node, core.core_id)
            for instance, resources in assigned.items()
            for node in resources
            for core in sorted(node.cores)
        ]
        self._queue.put(_Insertion(INSERT_CORE, rows))

    @override
    def add_events(self, instance: Reference, events: Sequence[ProfileEvent]) -> None:
        self._added_events += len(events)
        self._queue.put(_EventsOfInstance(self._oids[instance], tuple(events)))

    @property
    @override
    def backlog(self) -> int:
        # only this thread changes the one number, and only the writer's the other
        return self._added_events - self._writer.taken_events

    @property
    @override
    def problem(self) -> str:
        return self._writer.problem

    @override
    def add_dropped(self, instance: Reference, reason: DropReason, count: int) -> None:
        row = (self._oids[instance], reason.value, count)
        self._queue.put(_Insertion(INSERT_DROPPED, [row]))

    @override
    def close(self) -> None:
        if self._thread is None:
            return
        self._queue.put(None)
        self._thread.join()
        self._thread = None
        self._writer.raise_for_losses()

    def _new_oid(self, instance: Reference) -> int:
        return self._oids.setdefault(instance, len(self._oids) + 1)


class _Writer:
    """Runs on the writer's thread, and counts what could not be stored."""

    def __init__(self, path: Path, queue: SimpleQueue[_Work | None]) -> None:
        self._path = path
        self._queue = queue
        self._first_error: Exception | None = None
        self._lost_rows = 0
        self.taken_events = 0

    def run(self) -> None:
        """Store queued work until None is taken from the queue."""
        try:
            connection = _new_database(self._path)
        except (sqlite3.Error, OSError) as error:
            self._note(error, lost_rows=0)
            self._drop_all()
            return
        with closing(connection):
            self._store_all(connection)

    def raise_for_losses(self) -> None:
        """Report the first error, if there was one.

        Raises:
            OSError: If something could not be stored.
        """
        if self._first_error is not None:
            raise OSError(self.problem) from self._first_error

    @property
    def problem(self) -> str:
        """A message about lost events; empty if none were lost."""
        if self._first_error is None:
            return ""
        lost = f" Up to {self._lost_rows} rows were lost." if self._lost_rows else ""
        return (
            f"The profile of this run is incomplete, because '{self._path}' could not be written:"
            f" {self._first_error}.{lost}"
        )

    def _store_all(self, connection: sqlite3.Connection) -> None:
        at_end = False
        while not at_end:
            batch, at_end = self._next_batch()
            try:
                self._store(connection, batch)
            except sqlite3.Error as error:
                self._note(error, lost_rows=_count(batch))
                _roll_back(connection)
            self._note_taken(batch)

    def _store(self, connection: sqlite3.Connection, batch: Sequence[_Work]) -> None:
        connection.execute("BEGIN")
        for work in batch:
            statement, rows = _as_insertion(work)
            try:
                connection.executemany(statement, rows)
            except (OverflowError, ValueError) as error:
                # One program may have sent an invalid value, such as a number beyond 64 bits: keep
                # the rows of the others.
                self._note(error, lost_rows=len(rows))
        connection.execute("COMMIT")

    def _next_batch(self) -> tuple[list[_Work], bool]:
        """Wait for work; return everything queued, and whether it is the last batch."""
        batch: list[_Work] = []
        work = self._queue.get()
        while work is not None:
            batch.append(work)
            try:
                work = self._queue.get_nowait()
            except Empty:
                return batch, False
        return batch, True

    def _drop_all(self) -> None:
        while (work := self._queue.get()) is not None:
            self._lost_rows += _count([work])
            self._note_taken([work])

    def _note_taken(self, batch: Iterable[_Work]) -> None:
        """Note that events have been stored, or lost for good."""
        self.taken_events += sum(
            len(work.events) for work in batch if isinstance(work, _EventsOfInstance)
        )

    def _note(self, error: Exception, *, lost_rows: int) -> None:
        self._first_error = self._first_error or error
        self._lost_rows += lost_rows


def _new_database(path: Path) -> sqlite3.Connection:
    """Create the file and its tables.

    Raises:
        sqlite3.Error: If that fails.
        OSError: If an existing file cannot be removed.
    """
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        # The profile need only survive a crash of this process: a crash of the machine ends the
        # run anyway, and each sync costs milliseconds on a shared file system.
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(creation_script())
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _as_insertion(work: _Work) -> tuple[str, Sequence[_Row]]:
    if isinstance(work, _Insertion):
        return work.statement, work.rows
    return INSERT_EVENT, list(_event_rows(work))


def _event_rows(work: _EventsOfInstance) -> Iterable[_Row]:
    for event in work.events:
        yield (
            work.oid,
            int(event.event_type),
            event.start_time,
            event.stop_time,
            event.port_name,
            None if event.operator is None else event.operator.value,
            event.port_length,
            event.slot,
            event.message_number,
            event.message_size,
            event.message_timestamp,
        )


def _count(batch: Iterable[_Work]) -> int:
    return sum(
        len(work.rows) if isinstance(work, _Insertion) else len(work.events) for work in batch
    )


def _roll_back(connection: sqlite3.Connection) -> None:
    # SQLite rolls back by itself after some errors, such as a full disk.
    if connection.in_transaction:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
