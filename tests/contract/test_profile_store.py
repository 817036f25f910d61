"""Contract of ProfileStore."""

import sqlite3
from abc import abstractmethod
from contextlib import closing

from adapters.in_memory.profile_store import InMemoryProfileStore
from adapters.sqlite.profile_store import SqliteProfileStore
from conjoin.testing import ProfileStoreContract
from domain.coupling.ports import Operator
from domain.identity import Reference
from domain.running.profiling import DropReason, ProfileEvent, ProfileEventType

MACRO, MICRO = Reference("macro"), Reference("micro[1]")


class MeteredProfileStoreContract(ProfileStoreContract):
    """More tests, for a store that counts what is missing."""

    @abstractmethod
    def stored_drops(self, store, folder):
        """Return the numbers of missing events in a closed store, by instance and reason."""

    def test_dropped_events_are_added_up_by_instance_and_reason(self, tmp_path):
        store = self.make(tmp_path)
        store.add_instances([MACRO, MICRO])
        store.add_dropped(MACRO, DropReason.LIMIT, 2)
        store.add_dropped(MACRO, DropReason.LIMIT, 3)
        store.add_dropped(MACRO, DropReason.INSTANCE_QUEUE, 7)
        store.add_dropped(MICRO, DropReason.MANAGER_QUEUE, 1)
        store.close()
        assert self.stored_drops(store, tmp_path) == {
            ("macro", "limit"): 5,
            ("macro", "instance queue"): 7,
            ("micro[1]", "manager queue"): 1,
        }

    def test_closed_store_has_no_backlog(self, tmp_path):
        store = self.make(tmp_path)
        store.add_instances([MACRO])
        store.add_events(MACRO, [ProfileEvent(ProfileEventType.SEND, 0, 1)] * 1000)
        store.close()
        assert store.backlog == 0
        assert store.problem == ""


class TestInMemoryProfileStore(MeteredProfileStoreContract):
    def make(self, folder):
        return InMemoryProfileStore()

    def stored_events(self, store, folder):
        return {str(instance): events for instance, events in store.events.items()}

    def stored_drops(self, store, folder):
        return {(str(name), reason.value): count for (name, reason), count in store.dropped.items()}

    def stored_cores(self, store, folder):
        return {
            (str(instance), node.node, core.core_id)
            for instance, resources in store.assigned.items()
            for node in resources
            for core in node.cores
        }


class TestSqliteProfileStore(MeteredProfileStoreContract):
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

    def stored_drops(self, store, folder):
        query = (
            "SELECT name, reason, events FROM conjoin_dropped_events"
            " JOIN instances ON oid = instance_oid"
        )
        with closing(sqlite3.connect(folder / "performance.sqlite")) as database:
            return {(name, reason): count for name, reason, count in database.execute(query)}

    def stored_cores(self, store, folder):
        query = "SELECT name, node, core FROM assigned_cores JOIN instances ON oid = instance_oid"
        with closing(sqlite3.connect(folder / "performance.sqlite")) as database:
            return set(database.execute(query))


def _event(row):
    kind, start, stop, port, operator, *rest = row
    operator = None if operator is None else Operator[operator]
    return ProfileEvent(ProfileEventType[kind], start, stop, port, operator, *rest)
