"""Contract of ManagerLink."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

import pytest

from adapters.in_memory.admission import InMemoryAdmission
from adapters.in_memory.manager_link import InMemoryManagerLink, LockedDesk
from adapters.io.event_loop import EventLoop
from adapters.tcp.instance_requests import execute_instance_request
from adapters.tcp.manager_link import MMPClient
from adapters.tcp.server import Server
from adapters.wire.locations import TCP, format_location
from application.interfaces.manager_link import ManagerLink
from application.manager.snapshots.run_checkpoints import CheckpointOptions
from domain.coupling.conduits import Conduit
from domain.coupling.messages import LogRecord
from domain.coupling.peers import Endpoint
from domain.coupling.ports import Operator, Port
from domain.coupling.settings import Settings
from domain.coupling.timelines import Timeline
from domain.errors import ManagerRefused, TransportError
from domain.identity import Reference
from domain.model.checkpoint_rules import CheckpointRangeRule, Checkpoints
from domain.model.configuration import Configuration
from domain.running.events import InstanceState, SnapshotFailed
from domain.running.failure_kinds import FailureKind
from domain.running.profiling import ProfileEvent, ProfileEventType
from tests.support.conditions import wait_until
from tests.support.in_memory_services import InMemoryServices
from tests.support.models import configuration

SECRET = "the secret"
PORTS = [Port("o_i", Operator.O_I), Port("s", Operator.S)]
LOCATIONS = ["tcp:127.0.0.1:1"]


def full_configuration() -> Configuration:
    made = configuration(
        """macro o_i -> micro f_init
           micro o_f -> macro s
           lonely
        """
    )
    return Configuration(
        made.model,
        made.programs,
        Settings({"x": 1.5, "macro.y": [1, 2]}),
        checkpoints=Checkpoints(at_end=True, wallclock_time=(CheckpointRangeRule(5.0),)),
        resume={Reference("macro"): "/snapshot.pack"},
    )


PORTS_THAT_WAIT = {"macro": "s", "micro": "f_init"}


class ManagerLinkContract(ABC):
    """Subclass it for each adapter."""

    is_own_protocol = True

    @abstractmethod
    def open(self, desk: InMemoryServices) -> Callable[[str], ManagerLink]:
        """Return a function that creates the link between an instance and the desk."""

    @abstractmethod
    def close(self) -> None:
        """Release the resources that `open` created."""

    @pytest.fixture
    def desk(self) -> InMemoryServices:
        return InMemoryServices(
            full_configuration(), CheckpointOptions(save_time=30.0, must_store=True)
        )

    @pytest.fixture
    def link_of(self, desk) -> Iterator[Callable[[str], ManagerLink]]:
        make = self.open(desk)
        links: list[ManagerLink] = []

        def link_of(instance: str) -> ManagerLink:
            links.append(make(instance))
            return links[-1]

        yield link_of
        for link in links:
            link.close()
        self.close()

    def register_all(self, link_of: Callable[[str], ManagerLink]) -> dict[str, ManagerLink]:
        links = {name: link_of(name) for name in ("macro", "micro", "lonely")}
        for link in links.values():
            link.register_instance(LOCATIONS, [])
        return links

    def test_registration_returns_the_timeline(self, link_of):
        timeline = link_of("macro").register_instance(LOCATIONS, PORTS)
        assert isinstance(timeline, Timeline)

    def test_unknown_instance_is_rejected_with_a_reason(self, link_of):
        with pytest.raises(ManagerRefused, match="no instance 'nobody'"):
            link_of("nobody").register_instance(LOCATIONS, [])

    def test_duplicate_registration_is_rejected_with_a_reason(self, link_of):
        link_of("macro").register_instance(LOCATIONS, [])
        with pytest.raises(ManagerRefused, match="already registered"):
            link_of("macro").register_instance(LOCATIONS, [])

    def test_peers_are_returned_after_all_have_registered(self, link_of):
        macro = link_of("macro")
        macro.register_instance(LOCATIONS, [])
        found = []
        asking = threading.Thread(target=lambda: found.append(macro.request_peers()))
        asking.start()
        micro = link_of("micro")
        micro.register_instance(["tcp:elsewhere:2"], [])
        asking.join(30)
        (peers,) = found
        assert peers.locations == {Reference("micro"): ("tcp:elsewhere:2",)}
        assert Conduit(Reference("macro.o_i"), Reference("micro.f_init")) in peers.conduits
        conduit = peers.conduits_at("o_i")[0]
        assert peers.peer_endpoint(conduit, None) == Endpoint(Reference("micro"), "f_init")

    def test_peers_of_an_unknown_instance_are_rejected(self, link_of):
        with pytest.raises(ManagerRefused, match="Unknown component nobody"):
            link_of("nobody").request_peers()

    def test_settings_arrive(self, link_of):
        link = self.register_all(link_of)["macro"]
        assert link.get_settings() == Settings({"x": 1.5, "macro.y": [1, 2]})

    def test_checkpoints_arrive(self, link_of, desk):
        desk.clock.advance(7.0)
        info = self.register_all(link_of)["macro"].get_checkpoint_info()
        assert info.elapsed == 7.0
        assert (info.on_request, info.must_store) == (self.is_own_protocol, self.is_own_protocol)
        assert info.checkpoints == full_configuration().checkpoints
        assert info.resume_from == "/snapshot.pack"

    def test_reports_arrive_before_the_instance_is_deregistered(self, link_of, desk):
        link = self.register_all(link_of)["macro"]
        for number in range(100):
            link.submit_log_message(LogRecord("macro", 1.0, 30, f"line {number}"))
        events = [ProfileEvent(ProfileEventType.SEND, n, n + 1) for n in range(1200)]
        link.submit_profile_events(events)
        link.deregister_instance()
        lines = [record.text for record in desk.logbook.records]
        assert [text for text in lines if text.startswith("line")] == [
            f"line {number}" for number in range(100)
        ]
        assert desk.profiles.events[Reference("macro")] == events
        assert not desk.registry.is_registered(Reference("macro"))

    def test_rejected_report_does_not_affect_later_requests(self, link_of):
        link = link_of("nobody")
        link.submit_profile_events([ProfileEvent(ProfileEventType.SEND, 0, 1)])
        link.report_status(simulated_time=1.0, waiting=None)
        assert self.register_all(link_of)["macro"].get_settings()

    def test_senders_that_wait_for_room_take_part_in_a_deadlock(self, link_of, desk):
        links = self.register_all(link_of)
        if not links["macro"].waiting_to_send("micro", "o_i", None):
            assert not self.is_own_protocol
            return
        links["micro"].waiting_for_receive("macro", "f_init", None)
        ports = {"macro": "o_i", "micro": "f_init"}
        assert self.is_deadlock(links, ports, macro=None, micro=None)
        links["macro"].waiting_to_send_done("micro", "o_i", None)
        assert not self.is_deadlock(links, ports, macro=None, micro=None)

    def test_deregistering_an_unregistered_instance_is_rejected(self, link_of):
        with pytest.raises(ManagerRefused):
            link_of("macro").deregister_instance()

    def test_deadlock_is_reported_to_every_instance_in_it(self, link_of, desk):
        links = self.register_all(link_of)
        links["macro"].waiting_for_receive("micro", "s", None)
        assert not self.is_deadlock(links, macro=None)
        links["micro"].waiting_for_receive("macro", "f_init", 3)
        assert self.is_deadlock(links, macro=None, micro=3)
        assert not links["lonely"].check_deadlock("s", None).is_deadlock
        links["micro"].waiting_for_receive_done("macro", "f_init", 3)
        assert not self.is_deadlock(links, macro=None)

    def test_several_threads_can_wait_concurrently_and_end_in_any_order(self, link_of):
        links = self.register_all(link_of)
        links["micro"].waiting_for_receive("macro", "f_init", None)
        for slot in (0, 1, 2):
            links["macro"].waiting_for_receive("micro", "s", slot)
        for slot in (0, 2):
            links["macro"].waiting_for_receive_done("micro", "s", slot)
        assert self.is_deadlock(links, macro=1, micro=None)
        links["macro"].waiting_for_receive_done("micro", "s", 1)
        assert not self.is_deadlock(links, macro=1, micro=None)
        links["macro"].waiting_for_receive("micro", "s", 0)
        assert self.is_deadlock(links, macro=0, micro=None)

    def is_deadlock(self, links, ports=PORTS_THAT_WAIT, **slots):
        """Return whether links find a deadlock, after each has confirmed what is suspected."""
        suspicions = dict.fromkeys(slots, 0)
        found = []
        for _ in range(3):
            answers = {
                name: links[name].check_deadlock(ports[name], slot, confirms=suspicions[name])
                for name, slot in slots.items()
            }
            suspicions = {name: answer.suspicion for name, answer in answers.items()}
            found = [answer.is_deadlock for answer in answers.values()]
        assert len(set(found)) == 1
        return found[0]

    def test_status_arrives_if_the_manager_supports_it(self, link_of, desk):
        link = self.register_all(link_of)["macro"]
        link.report_status(simulated_time=2.5, waiting=("micro", "s", None))
        if not self.is_own_protocol:
            link.deregister_instance()
            assert desk.board["macro"].simulated_time is None
            return
        wait_until(lambda: desk.board["macro"].state is InstanceState.WAITING)
        assert desk.board["macro"].simulated_time == 2.5
        assert desk.board["macro"].waiting_for.peer == "micro"

    def test_checkpoint_request_arrives_once_if_the_manager_supports_it(
        self, link_of, desk, monkeypatch
    ):
        awaiting: list[str] = []
        await_request = desk.checkpoints.await_request

        def note(instance, requested):
            await_request(instance, requested)
            awaiting.append(instance)

        monkeypatch.setattr(desk.checkpoints, "await_request", note)
        links = self.register_all(link_of)
        reasons: list[str] = []
        for link in links.values():
            link.await_checkpoint_request(reasons.append)
        if not self.is_own_protocol:
            assert awaiting == []
            return
        wait_until(lambda: len(awaiting) == 3)
        assert reasons == []
        desk.checkpoints.request_all("the time is over")
        wait_until(lambda: len(reasons) == 3)
        assert reasons == ["the time is over"] * 3

    def test_instance_that_awaits_a_checkpoint_request_can_deregister(self, link_of, desk):
        link = self.register_all(link_of)["macro"]
        link.await_checkpoint_request(pytest.fail)
        link.deregister_instance()
        link.close()
        desk.checkpoints.request_all("the time is over")

    def test_failure_to_store_a_snapshot_is_reported_if_the_manager_supports_it(
        self, link_of, desk
    ):
        link = self.register_all(link_of)["macro"]
        link.report_snapshot_failed("the disk is full")
        link.deregister_instance()
        failed = [event for event in desk.sink.events if isinstance(event, SnapshotFailed)]
        expected = [SnapshotFailed("the disk is full", "macro")] if self.is_own_protocol else []
        assert failed == expected

    def test_instance_failure_is_reported_if_the_manager_supports_it(self, link_of, desk):
        link = self.register_all(link_of)["macro"]
        is_supported = link.report_failed("out of cheese", kind=FailureKind.OWN)
        assert is_supported == self.is_own_protocol
        link.deregister_instance()
        state = desk.board["macro"].state
        assert state is (InstanceState.FAILED if self.is_own_protocol else InstanceState.FINISHED)

    def test_reports_arrive_before_the_link_is_closed(self, link_of, desk):
        link = link_of("macro")
        for number in range(50):
            link.submit_log_message(LogRecord("macro", 1.0, 30, f"line {number}"))
        link.close()
        assert len(desk.logbook.records) == 50

    def test_link_is_thread_safe(self, link_of):
        link = self.register_all(link_of)["macro"]
        found: list[Settings] = []
        threads = [
            threading.Thread(target=lambda: found.extend(link.get_settings() for _ in range(50)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 200
        assert all(settings["x"] == 1.5 for settings in found)

    def test_closed_link_raises_an_error(self, link_of):
        link = self.register_all(link_of)["macro"]
        link.get_settings()
        link.close()
        link.close()
        link.submit_log_message(LogRecord("macro", 1.0, 30, "too late"))
        with pytest.raises(TransportError):
            link.get_settings()

    def test_link_can_be_closed_while_another_thread_reports(self, link_of):
        for _ in range(20):
            link = link_of("macro")
            record = LogRecord("macro", 1.0, 30, "a line")
            reporting = threading.Thread(
                target=lambda link=link, record=record: [
                    link.submit_log_message(record) for _ in range(20)
                ]
            )
            reporting.start()
            link.close()
            reporting.join()


class TestInMemoryManagerLink(ManagerLinkContract):
    def open(self, desk):
        locked = LockedDesk(desk.desk)
        return lambda instance: InMemoryManagerLink(instance, locked)

    def close(self):
        """Do nothing: this adapter has nothing to close."""


class TestMMPClient(ManagerLinkContract):
    secret: "str | None" = SECRET

    def open(self, desk):
        self.errors: list[str] = []
        self.admission = InMemoryAdmission()
        self.server = Server(
            lambda request, reply: execute_instance_request(
                desk.desk, request, reply, admission=self.admission
            ),
            loop=EventLoop("a manager"),
            max_request=2**20,
            secret=SECRET,
            on_error=self.errors.append,
        )
        location = format_location(TCP, self.server.listen(["127.0.0.1"]))
        self.server.start()
        return lambda instance: MMPClient(instance, location, secret=self.secret)

    def close(self):
        self.server.close()
        assert self.errors == []


class TestMMPClientWithTheProtocolOfMuscle3(TestMMPClient):
    secret = None
    is_own_protocol = False

    def test_only_one_wait_at_a_time_is_reported_to_the_manager(self, link_of, desk, monkeypatch):
        reported: list[tuple[str, int | None]] = []
        for name in ("waiting_for_receive", "waiting_for_receive_done"):
            monkeypatch.setattr(
                type(desk.desk), name, lambda _, wait, name=name: reported.append((name, wait.slot))
            )
        link = link_of("macro")
        for slot in (0, 1, 2):
            link.waiting_for_receive("micro", "s", slot)
        for slot in (1, 0, 2):
            link.waiting_for_receive_done("micro", "s", slot)
        assert reported == [
            ("waiting_for_receive", 0),
            ("waiting_for_receive_done", 0),
            ("waiting_for_receive", 2),
            ("waiting_for_receive_done", 2),
        ]
