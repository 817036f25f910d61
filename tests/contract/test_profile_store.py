"""What every ProfileStore promises."""

import sqlite3
from abc import ABC, abstractmethod
from contextlib import closing
from pathlib import Path

from adapters.in_memory.profile_store import InMemoryProfileStore
from adapters.sqlite.profile_store import SqliteProfileStore
from application.interfaces.profile_store import ProfileStore
from domain.coupling.ports import Operator
from domain.identity import Reference
from domain.placement.resources import Core, NodeResources, Resources
from domain.running.profiling import ProfileEvent, ProfileEventType

MACRO = Reference("macro")
MICRO = Reference("micro[3]")
REGISTERED = ProfileEvent(ProfileEventType.REGISTER, 1_795_212_216_958_511_298, 2 * 10**18)
SENT = ProfileEvent(ProfileEventType.SEND, 5, 7, "out", Operator.O_I, 10, 3, 4, 256, -0.5)
RECEIVED = ProfileEvent(ProfileEventType.RECEIVE, 6, 8, "in", Operator.F_INIT)
CORES = Resources(
    (
        NodeResources("node1", frozenset({Core(0, frozenset({0, 4})), Core(1, frozenset({1}))})),
        NodeResources("node2", frozenset({Core(0, frozenset({0}))})),
    )
)


class ProfileStoreContract(ABC):
    """To be subclassed for each adapter."""

    @abstractmethod
    def make(self, folder: Path) -> ProfileStore:
        """Return a new store."""

    @abstractmethod
    def stored_events(self, store: ProfileStore, folder: Path) -> dict[str, list[ProfileEvent]]:
        """Return what a closed store has, by instance, for each that it knows."""

    @abstractmethod
    def stored_cores(self, store: ProfileStore, folder: Path) -> set[tuple[str, str, int]]:
        """Return instance, node and core for all that a closed store knows."""

    def test_events_are_kept_in_order_for_each_instance(self, tmp_path):
        store = self.make(tmp_path)
        store.add_instances([MACRO, MICRO])
        store.add_events(MICRO, [SENT])
        store.add_events(MACRO, [REGISTERED, SENT])
        store.add_events(MICRO, [RECEIVED])
        store.close()
        assert self.stored_events(store, tmp_path) == {
            "macro": [REGISTERED, SENT],
            "micro[3]": [SENT, RECEIVED],
        }

    def test_an_instance_without_events_is_known(self, tmp_path):
        store = self.make(tmp_path)
        store.add_instances([MACRO])
        store.close()
        assert self.stored_events(store, tmp_path) == {"macro": []}

    def test_instances_may_be_made_known_twice_and_bit_by_bit(self, tmp_path):
        store = self.make(tmp_path)
        store.add_instances([MACRO])
        store.add_instances([MACRO, MICRO])
        store.add_events(MICRO, [SENT])
        store.close()
        assert self.stored_events(store, tmp_path) == {"macro": [], "micro[3]": [SENT]}

    def test_cores_of_all_nodes_are_kept(self, tmp_path):
        store = self.make(tmp_path)
        store.add_instances([MACRO, MICRO])
        store.add_resources({MICRO: CORES})
        store.close()
        assert self.stored_cores(store, tmp_path) == {
            ("micro[3]", "node1", 0),
            ("micro[3]", "node1", 1),
            ("micro[3]", "node2", 0),
        }

    def test_the_caller_may_reuse_its_list(self, tmp_path):
        store = self.make(tmp_path)
        store.add_instances([MACRO])
        events = [SENT]
        store.add_events(MACRO, events)
        events.clear()
        store.close()
        assert self.stored_events(store, tmp_path) == {"macro": [SENT]}

    def test_it_may_be_closed_twice(self, tmp_path):
        store = self.make(tmp_path)
        store.close()
        store.close()


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
