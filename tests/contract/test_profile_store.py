"""Contract of ProfileStore."""

import sqlite3
from contextlib import closing

from adapters.in_memory.profile_store import InMemoryProfileStore
from adapters.sqlite.profile_store import SqliteProfileStore
from conjoin.testing import ProfileStoreContract
from domain.coupling.ports import Operator
from domain.running.profiling import ProfileEvent, ProfileEventType


class TestInMemoryProfileStore(ProfileStoreContract):
    def make(self, folder):
        return InMemoryProfileStore()

    def stored_events(self, store, folder):
        return {str(instance): events for instance, events in store.events.items()}

    def stored_cores(self, store, folder):
        return {
            (str(instance), node.node, core.core_id)
            for instance, resources in store.assigned.items()
            for node in resources
            for core in node.cores
        }


class TestSqliteProfileStore(ProfileStoreContract):
    def make(self, folder):
        return SqliteProfileStore(folder / "performance.sqlite")

    def stored_events(self, store, folder):
        query = (
            "SELECT type, start_time, stop_time, port, operator, port_length, slot,"
            " message_number, message_size, message_timestamp FROM all_events WHERE instance = ?"
        )
        with closing(sqlite3.connect(folder / "performance.sqlite")) as database:
            names = [name for (name,) in database.execute("SELECT name FROM instances")]
            return {
                name: [_event(row) for row in database.execute(query, [name])] for name in names
            }

    def stored_cores(self, store, folder):
        query = "SELECT name, node, core FROM assigned_cores JOIN instances ON oid = instance_oid"
        with closing(sqlite3.connect(folder / "performance.sqlite")) as database:
            return set(database.execute(query))


def _event(row):
    kind, start, stop, port, operator, *rest = row
    operator = None if operator is None else Operator[operator]
    return ProfileEvent(ProfileEventType[kind], start, stop, port, operator, *rest)
