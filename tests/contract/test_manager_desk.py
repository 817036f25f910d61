"""Contract of ManagerDesk."""

from abc import ABC, abstractmethod

import pytest

from application.interfaces.manager_desk import ManagerDesk, NotReadyError
from domain.coupling.messages import LogRecord, Wait
from domain.errors import ManagerRefused
from tests.support.in_memory_services import InMemoryServices
from tests.support.models import configuration

LOCATIONS = ("tcp:a:1",)
VERSION = "0.11.0"
REQUESTS_OF_INSTANCES = {
    "get_peers": lambda desk, name: desk.get_peers(name),
    "deregister_instance": lambda desk, name: desk.deregister_instance(name),
    "submit_profile_events": lambda desk, name: desk.submit_profile_events(name, []),
    "await_checkpoint_request": lambda desk, name: desk.await_checkpoint_request(name, print),
    "report_snapshot_failed": lambda desk, name: desk.report_snapshot_failed(name, "why"),
    "report_failed": lambda desk, name: desk.report_failed(name, "why"),
    "await_checkpoint_info": lambda desk, name: desk.await_checkpoint_info(name, print),
    "waiting_for_receive": lambda desk, name: desk.waiting_for_receive(Wait(name, "b", "s")),
    "check_deadlock": lambda desk, name: desk.check_deadlock((name, "s", None), confirms=0),
    "waiting_to_send": lambda desk, name: desk.waiting_to_send(
        Wait(name, "b", "o_i", is_sending=True)
    ),
    "is_deadlocked": lambda desk, name: desk.is_deadlocked(name),
    "report_status": lambda desk, name: desk.report_status(name, 0.0, None),
}


class ManagerDeskContract(ABC):
    """Subclass it for each desk."""

    @pytest.fixture
    def desk(self) -> ManagerDesk:
        return self.make("a o_i -> b f_init\nb o_f -> a s")

    @abstractmethod
    def make(self, conduits: str) -> ManagerDesk:
        """Return a new desk for a model."""

    def register(self, desk, *names):
        for name in names:
            desk.register_instance(name, LOCATIONS, (), VERSION)

    @pytest.mark.parametrize("request_", REQUESTS_OF_INSTANCES)
    @pytest.mark.parametrize("name", ["unheard_of", "a b", ""])
    def test_unknown_instance_is_rejected(self, desk, request_, name):
        with pytest.raises(ManagerRefused):
            REQUESTS_OF_INSTANCES[request_](desk, name)

    def test_duplicate_registration_is_rejected(self, desk):
        self.register(desk, "a")
        with pytest.raises(ManagerRefused, match="a"):
            self.register(desk, "a")

    def test_peers_are_returned_after_all_have_registered(self, desk):
        received = []
        self.register(desk, "a")
        desk.await_peers("a", received.append)
        with pytest.raises(NotReadyError):
            desk.get_peers("a")
        assert received == []
        self.register(desk, "b")
        assert received == [desk.get_peers("a")]

    def test_cycle_of_waits_is_a_deadlock_until_a_wait_ends(self, desk):
        self.register(desk, "a", "b")
        wait = Wait("a", "b", "s")
        desk.waiting_for_receive(wait)
        assert not desk.is_deadlocked("a")
        desk.waiting_for_receive(Wait("b", "a", "f_init"))
        answers = [desk.is_deadlocked(instance) for instance in ("a", "b", "a", "b", "a")]
        assert answers == [False, False, False, True, True]
        desk.waiting_for_receive_done(wait)
        assert not desk.is_deadlocked("a")

    def test_deadlock_is_found_when_each_instance_has_confirmed_the_suspicion(self, desk):
        self.register(desk, "a", "b")
        keys = ("a", "s", None), ("b", "f_init", None)
        desk.waiting_for_receive(Wait("a", "b", "s"))
        desk.waiting_for_receive(Wait("b", "a", "f_init"))
        answers = [desk.check_deadlock(key, confirms=0) for key in keys]
        assert not any(answer.is_deadlock for answer in answers)
        (suspicion,) = {answer.suspicion for answer in answers}
        assert not desk.check_deadlock(keys[0], confirms=suspicion).is_deadlock
        assert desk.check_deadlock(keys[1], confirms=suspicion).is_deadlock
        assert desk.check_deadlock(keys[0], confirms=suspicion).is_deadlock

    def test_any_log_message_is_accepted(self, desk):
        for record in (LogRecord("unheard_of", 0.0, 30, ""), LogRecord("", 0.0, 12345, "\x1b")):
            desk.submit_log_message(record)


class TestServicesDesk(ManagerDeskContract):
    def make(self, conduits):
        return InMemoryServices(configuration(conduits)).desk
