"""Which requests every admission admits, and which it refuses."""

from collections.abc import Callable

import pytest

from adapters.in_memory.admission import InMemoryAdmission
from adapters.in_memory.peer_processes import InMemoryPeerProcesses
from application.interfaces.admission import Admission, Client
from application.manager.admission import ClientAdmission
from domain.errors import ManagerRefused
from domain.running.clients import Origin, Process, agent_identity, instance_identity
from tests.support.in_memory_services import InMemoryServices
from tests.support.models import configuration

ORIGIN = Origin("127.0.0.1", is_local=True, uid=0, socket=1)


def proven(instance: str) -> Client:
    return Client(instance_identity(instance))


def register(admission: Admission, client: Client, instance: str) -> None:
    admission.check_registration(client, instance)
    admission.note_registration(client, instance, refusal=None)


class AdmissionContract:
    """What callers may rely on, for instances that the user starts by hand."""

    new: Callable[[], Admission]

    @pytest.fixture
    def admission(self) -> Admission:
        return type(self).new()

    def test_proven_instance_may_register_and_make_requests(self, admission: Admission):
        client = proven("macro")
        register(admission, client, "macro")
        admission.check_request(client, "macro")
        admission.check_request(proven("macro"), "macro")

    @pytest.mark.parametrize(
        "client", [proven("micro"), Client(agent_identity("macro"))], ids=["instance", "agent"]
    )
    def test_proven_client_is_refused_in_the_name_of_another(
        self, admission: Admission, client: Client
    ):
        with pytest.raises(ManagerRefused):
            admission.check_registration(client, "macro")
        register(admission, proven("macro"), "macro")
        with pytest.raises(ManagerRefused):
            admission.check_request(client, "macro")

    def test_unproven_instance_may_make_requests_once_it_has_registered(self, admission: Admission):
        client = Client("", ORIGIN)
        with pytest.raises(ManagerRefused):
            admission.check_request(client, None)
        register(admission, client, "macro")
        admission.check_request(client, None)
        admission.check_request(client, "macro")

    def test_unproven_instance_is_refused_in_the_name_of_another(self, admission: Admission):
        client = Client("", ORIGIN)
        register(admission, client, "macro")
        for check in (admission.check_registration, admission.check_request):
            with pytest.raises(ManagerRefused):
                check(client, "micro")

    def test_unproven_instance_cannot_replace_a_proven_one(self, admission: Admission):
        register(admission, proven("macro"), "macro")
        with pytest.raises(ManagerRefused):
            admission.check_registration(Client("", ORIGIN), "macro")

    def test_client_whose_registration_failed_may_make_no_requests(self, admission: Admission):
        client = Client("", ORIGIN)
        admission.check_registration(client, "macro")
        admission.note_registration(client, "macro", refusal="no")
        with pytest.raises(ManagerRefused):
            admission.check_request(client, None)


class TestInMemoryAdmission(AdmissionContract):
    new = InMemoryAdmission


class TestClientAdmission(AdmissionContract):
    @staticmethod
    def new() -> Admission:
        desk = InMemoryServices(configuration("macro o_i -> micro f_init"))
        processes = InMemoryPeerProcesses(uid=0)
        processes.add(1, Process(10, 1))
        return ClientAdmission(
            registry=desk.registry, processes=processes, is_by_hand=lambda _instance: True
        )
