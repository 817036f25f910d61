"""Which client may make which requests."""

import pytest

from adapters.in_memory.peer_processes import InMemoryPeerProcesses
from application.interfaces.admission import Client
from application.manager.admission import ClientAdmission
from domain.errors import ManagerRefused
from domain.running.clients import Origin, Process, agent_identity, instance_identity
from tests.support.in_memory_services import InMemoryServices
from tests.support.models import configuration

MACRO = Process(10, 1)
MICRO = Process(11, 1)
STRAY = Process(12, 1)
FAR = Origin("10.0.0.9", is_local=False)


class Room:
    """An admission, the registry that it asks, and clients to admit."""

    def __init__(self, *, by_hand: bool = False, starts_elsewhere: bool = False) -> None:
        desk = InMemoryServices(configuration("macro o_i -> micro f_init"))
        self.processes = InMemoryPeerProcesses(uid=0)
        self.processes.add(1, MACRO, instance="macro")
        self.processes.add(2, MICRO, instance="micro")
        self.processes.add(3, STRAY)
        self.refusals = []
        self.admission = ClientAdmission(
            registry=desk.registry,
            processes=self.processes,
            is_by_hand=lambda _instance: by_hand,
            on_refused=self.refusals.append,
            starts_elsewhere=starts_elsewhere,
        )

    def client(self, port: int) -> Client:
        return Client("", self.processes.origin(("127.0.0.1", 9000), ("127.0.0.1", port)))

    def register(self, client: Client, instance: str) -> None:
        self.admission.check_registration(client, instance)
        self.admission.note_registration(client, instance, refusal=None)

    def may_request(self, client: Client, instance: "str | None") -> bool:
        try:
            self.admission.check_request(client, instance)
        except ManagerRefused:
            return False
        return True


def proven(instance: str) -> Client:
    return Client(instance_identity(instance))


def test_proven_instance_makes_all_requests_in_its_own_name():
    room = Room()
    client = proven("macro")
    room.register(client, "macro")
    assert room.may_request(client, "macro")
    assert room.may_request(client, None)
    # an instance has several sessions
    assert room.may_request(proven("macro"), "macro")


@pytest.mark.parametrize("identity", [instance_identity("micro"), agent_identity("macro"), "x"])
def test_proven_client_is_refused_in_the_name_of_another(identity: str):
    room = Room()
    client = Client(identity)
    with pytest.raises(ManagerRefused, match=f"proved to be '{identity}'"):
        room.admission.check_registration(client, "macro")
    assert not room.may_request(client, "macro")
    assert not room.admission.is_proven("macro")


def test_unproven_process_that_was_started_for_an_instance_registers_it():
    room = Room()
    client = room.client(1)
    room.register(client, "macro")
    assert room.may_request(client, "macro")
    assert room.may_request(client, None)
    assert not room.admission.is_proven("macro")


def test_second_session_of_a_started_process_is_admitted_without_registering():
    room = Room()
    room.register(room.client(1), "macro")
    assert room.may_request(room.client(1), "macro")


@pytest.mark.parametrize("port", [2, 3])
def test_process_that_was_not_started_for_an_instance_is_refused(port: int):
    room = Room()
    with pytest.raises(ManagerRefused, match="not the one that it started"):
        room.admission.check_registration(room.client(port), "macro")
    room.register(room.client(1), "macro")
    assert not room.may_request(room.client(port), "macro")


def test_process_that_is_not_found_is_refused():
    room = Room()
    client = Client("", Origin("127.0.0.1", is_local=True, uid=0, socket=99))
    with pytest.raises(ManagerRefused, match="not the one that it started"):
        room.admission.check_registration(client, "macro")


def test_any_local_process_registers_an_instance_that_is_started_by_hand():
    room = Room(by_hand=True)
    client = room.client(3)
    room.register(client, "macro")
    assert room.may_request(client, "macro")
    assert room.may_request(room.client(3), "macro")


def test_request_before_the_registration_of_an_instance_by_hand_is_refused():
    room = Room(by_hand=True)
    assert not room.may_request(room.client(3), "macro")
    assert not room.may_request(room.client(3), None)


def test_requests_of_another_process_for_an_instance_by_hand_are_refused():
    room = Room(by_hand=True)
    room.register(room.client(1), "macro")
    with pytest.raises(ManagerRefused, match="registered by another program"):
        room.admission.check_request(room.client(3), "macro")


def test_refused_registration_is_reported_and_grants_nothing():
    room = Room(by_hand=True)
    room.register(room.client(1), "macro")
    stray = room.client(3)
    room.admission.check_registration(stray, "macro")
    room.admission.note_registration(stray, "macro", refusal="no")
    assert room.refusals == ["no"]
    assert not room.may_request(stray, "macro")
    assert not room.may_request(stray, None)
    assert room.may_request(room.client(1), "macro")


@pytest.mark.parametrize(("name", "reports"), [("macro", []), ("mikro", ["no"])])
def test_refused_registration_of_a_proven_client_is_reported_if_it_cannot_log(name, reports):
    room = Room()
    room.admission.note_registration(proven(name), name, refusal="no")
    assert room.refusals == reports


def test_instance_by_hand_may_be_registered_by_another_process_after_a_failed_attempt():
    room = Room(by_hand=True)
    first, second = room.client(1), room.client(3)
    room.admission.check_registration(first, "macro")
    room.admission.note_registration(first, "macro", refusal="no")
    room.register(second, "macro")
    assert room.may_request(second, "macro")


def test_unproven_client_has_one_instance_only():
    room = Room(by_hand=True)
    client = room.client(3)
    room.register(client, "macro")
    with pytest.raises(ManagerRefused, match="is instance 'macro'"):
        room.admission.check_registration(client, "micro")
    assert not room.may_request(client, "micro")


@pytest.mark.parametrize("by_hand", [False, True])
def test_proven_instance_is_not_replaced_by_an_unproven_one(by_hand: bool):
    room = Room(by_hand=by_hand)
    room.register(proven("macro"), "macro")
    with pytest.raises(ManagerRefused, match="has proved that it knows the secret"):
        room.admission.check_registration(room.client(1), "macro")
    assert not room.may_request(room.client(1), "macro")


def test_unproven_session_ends_to_be_admitted_when_a_proven_one_registers():
    room = Room(by_hand=True)
    client = room.client(1)
    room.register(client, "macro")
    room.register(proven("macro"), "macro")
    assert not room.may_request(client, "macro")


def test_proof_counts_while_the_registration_is_carried_out():
    room = Room()
    room.admission.check_registration(proven("macro"), "macro")
    assert room.admission.is_proven("macro")


def test_proof_of_a_refused_registration_does_not_count():
    room = Room()
    client = proven("macro")
    room.admission.check_registration(client, "macro")
    room.admission.note_registration(client, "macro", refusal="no")
    assert not room.admission.is_proven("macro")
    assert room.refusals == []  # the program logs it


def test_second_registration_that_is_refused_leaves_the_first_proven():
    room = Room()
    room.register(proven("macro"), "macro")
    again = proven("macro")
    room.admission.check_registration(again, "macro")
    room.admission.note_registration(again, "macro", refusal="no")
    assert room.admission.is_proven("macro")


def test_client_on_another_machine_registers_an_instance_by_hand():
    # the server refuses it before, unless the network is trusted
    room = Room(by_hand=True)
    client = Client("", FAR)
    room.register(client, "macro")
    assert room.may_request(client, "macro")
    assert not room.may_request(Client("", FAR._replace(host="10.0.0.8")), "macro")


def test_client_on_another_machine_is_refused_for_an_instance_that_was_started_here():
    with pytest.raises(ManagerRefused):
        Room().admission.check_registration(Client("", FAR), "macro")


def test_client_on_another_machine_is_admitted_if_agents_start_instances_there():
    room = Room(starts_elsewhere=True)
    room.register(Client("", FAR), "macro")


def test_instance_that_does_not_exist_is_refused():
    room = Room()
    for client in (proven("other"), room.client(1)):
        with pytest.raises(ManagerRefused, match="no instance 'other'"):
            room.admission.check_registration(client, "other")


def test_same_instance_written_in_another_way_is_the_same():
    room = Room()
    room.register(proven("macro"), "macro")
    with pytest.raises(ManagerRefused):
        room.admission.check_registration(room.client(1), " macro")
