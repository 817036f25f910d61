"""The contract of `ProfileStore`."""

from abc import ABC, abstractmethod
from pathlib import Path

from conjoin.interfaces import (
    Core,
    NodeResources,
    Operator,
    ProfileEvent,
    ProfileEventType,
    ProfileStore,
    Reference,
    Resources,
)

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
    """Tests for a profile store."""

    @abstractmethod
    def make(self, folder: Path) -> ProfileStore:
        """Return a new store, which may store its files in a folder."""

    @abstractmethod
    def stored_events(self, store: ProfileStore, folder: Path) -> dict[str, list[ProfileEvent]]:
        """Return the events in a closed store by instance, for each instance that was added."""

    @abstractmethod
    def stored_cores(self, store: ProfileStore, folder: Path) -> set[tuple[str, str, int]]:
        """Return all assigned cores in a closed store as instance, node and core number."""

    def test_events_are_kept_in_order_for_each_instance(self, tmp_path: Path) -> None:
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

    def test_instance_without_events_is_stored(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.add_instances([MACRO])
        store.close()
        assert self.stored_events(store, tmp_path) == {"macro": []}

    def test_instances_can_be_added_repeatedly(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.add_instances([MACRO])
        store.add_instances([MACRO, MICRO])
        store.add_events(MICRO, [SENT])
        store.close()
        assert self.stored_events(store, tmp_path) == {"macro": [], "micro[3]": [SENT]}

    def test_cores_of_all_nodes_are_stored(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.add_instances([MACRO, MICRO])
        store.add_resources({MICRO: CORES})
        store.close()
        assert self.stored_cores(store, tmp_path) == {
            ("micro[3]", "node1", 0),
            ("micro[3]", "node1", 1),
            ("micro[3]", "node2", 0),
        }

    def test_caller_can_change_its_list_after_adding_it(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.add_instances([MACRO])
        events = [SENT]
        store.add_events(MACRO, events)
        events.clear()
        store.close()
        assert self.stored_events(store, tmp_path) == {"macro": [SENT]}

    def test_close_is_idempotent(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        store.close()
        store.close()
