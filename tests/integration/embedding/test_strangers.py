"""Programs that do not belong to a run cannot take part in it, nor disturb it."""

import pytest

from adapters.processes.peer_processes import new_peer_processes
from adapters.tcp.manager_link import MMPClient
from adapters.tcp.strangers import Strangers
from adapters.wire import mmp, mpp
from adapters.wire.locations import CONJOIN, TCP, UnixAddress, addresses_in
from adapters.wire.requests import Status, decode_response
from domain.coupling.messages import LogRecord, PeerMessage, Wait
from domain.coupling.peers import Endpoint
from domain.coupling.settings import Settings
from domain.identity import Reference
from domain.running.clients import STARTED_FOR, Trust
from entrypoints._instance.instance_wiring import open_transports
from entrypoints.manager import Manager, ManagerOptions
from tests.support.pair import with_programs
from tests.support.strangers import ask, require_another_user

REGISTER = mmp.register_instance.encode("micro", ["tcp:127.0.0.1:1"], (), "0.11.0")
IN_THE_NAME_OF_MICRO = (
    mmp.deregister_instance.encode("micro"),
    mmp.submit_log_message.encode(LogRecord("micro", 0.0, 50, "forged")),
    mmp.waiting_for_receive.encode(Wait("micro", "macro", "init", None)),
    mmp.report_failed.encode("micro", "the stranger reports so", None),
    mmp.get_peers.encode("micro"),
    mmp.get_settings.encode(),
)


def address_of(manager: Manager) -> str:
    return manager.location.removeprefix("tcp:").split(",")[0]


def is_error(response: "bytes | None") -> bool:
    return response is not None and decode_response(response)[0] is Status.ERROR


def started() -> ManagerOptions:
    return ManagerOptions(starts_all=True)


@pytest.mark.parametrize("by_hand", [False, True])
def test_program_of_another_user_is_refused_by_the_manager(by_hand, manual):
    require_another_user()
    model = manual if by_hand else with_programs()
    with Manager(model, options=ManagerOptions(starts_all=not by_hand)) as manager:
        for request in (REGISTER, *IN_THE_NAME_OF_MICRO):
            assert ask(address_of(manager), [request], as_nobody=True) == [None]
        assert "is a program of the user with id 65534" in manager.log_tail()
        if not by_hand:
            manager.start_all()
            assert manager.wait().succeeded


def test_program_that_was_not_started_cannot_take_the_place_of_an_instance():
    with Manager(with_programs(), options=started()) as manager:
        (answer,) = ask(address_of(manager), [REGISTER])
        assert answer is not None
        status, (reason,) = decode_response(answer)
        assert status is Status.ERROR
        assert "not the one that it started" in reason
        answers = ask(address_of(manager), IN_THE_NAME_OF_MICRO)
        assert all(map(is_error, answers))
        manager.start_all()
        assert manager.wait().succeeded
        assert "forged" not in manager.log_tail()


def test_program_cannot_make_requests_for_an_instance_that_another_one_registered(manual):
    with Manager(manual) as manager:
        client = MMPClient("micro", manager.location)
        client.register_instance(["tcp:127.0.0.1:1"], [])
        answers = ask(address_of(manager), [REGISTER, *IN_THE_NAME_OF_MICRO])
        assert all(map(is_error, answers))
        assert manager.wait(timeout=0) is None
        client.deregister_instance()
        client.close()
        assert "forged" not in manager.log_tail()


def test_proven_instance_is_not_replaced_by_a_program_without_proof(manual):
    with Manager(manual) as manager:
        client = MMPClient("micro", manager.location, secret=manager.secret)
        client.register_instance(["tcp:127.0.0.1:1"], [])
        client.deregister_instance()
        answers = ask(address_of(manager), [REGISTER, *IN_THE_NAME_OF_MICRO])
        assert all(map(is_error, answers))
        client.close()


def test_instance_cannot_make_requests_in_the_name_of_another(manual):
    with Manager(manual) as manager:
        macro = MMPClient("macro", manager.location)
        macro.register_instance(["tcp:127.0.0.1:1"], [])
        (registered, *answers) = ask(
            address_of(manager),
            [REGISTER, mmp.deregister_instance.encode("macro"), mmp.get_settings.encode()],
        )
        assert registered is not None
        assert decode_response(registered)[0] is Status.SUCCESS
        assert list(map(is_error, answers)) == [True, False]
        macro.close()


def test_every_program_without_proof_is_refused_where_the_secret_is_required(manual):
    with Manager(manual, options=ManagerOptions(require_secret=True)) as manager:
        assert ask(address_of(manager), [REGISTER]) == [None]
        assert "--require-secret" in manager.log_tail()


def test_manager_of_instances_by_hand_listens_on_loopback_only(manual):
    with Manager(manual) as manager:
        assert {item.host for item in addresses_in([manager.location], TCP)} == {"127.0.0.1"}


def test_manager_listens_on_the_addresses_that_the_user_gives(manual):
    with Manager(manual, options=ManagerOptions(listen=["127.0.0.2"])) as manager:
        hosts = [item.host for item in addresses_in([manager.location], TCP)]
        assert hosts == ["127.0.0.2", "127.0.0.1"]


SECRET = "a secret"
MACRO = Endpoint(Reference("macro"), "out")
MICRO = Endpoint(Reference("micro"), "in")
MESSAGE = PeerMessage(0.0, None, "x", Settings(), None, 0, ())
REQUEST = mpp.encode_request("micro.in")


@pytest.fixture
def strangers() -> Strangers:
    return Strangers(lambda: new_peer_processes(SECRET))


@pytest.fixture
def macro(strangers):
    transports = open_transports("macro", secret=SECRET, hosts=["127.0.0.1"], strangers=strangers)
    yield transports
    transports.close()


def tcp_address(macro):
    return str(addresses_in(macro.locations(), TCP)[0])


def test_program_of_another_user_cannot_fetch_messages_from_an_instance(macro):
    require_another_user()
    macro.outlet(sender=MACRO, receiver=MICRO, peer_locations=["tcp:127.0.0.1:1"]).send(MESSAGE)
    assert ask(tcp_address(macro), [REQUEST], as_nobody=True) == [None]
    # this user's program gets it: nothing was taken
    (answer,) = ask(tcp_address(macro), [REQUEST])
    assert mpp.decode_message(answer) == MESSAGE


def test_program_of_another_user_is_refused_at_a_unix_socket(macro):
    require_another_user()
    (name,) = [
        item.name
        for item in addresses_in(macro.locations(), CONJOIN)
        if isinstance(item, UnixAddress)
    ]
    assert ask(name, [], family="unix", as_nobody=True) == [None]


def test_program_without_proof_cannot_fetch_messages_where_the_secret_is_required(macro, strangers):
    strangers.trust = Trust.SECRET
    assert ask(tcp_address(macro), [REQUEST]) == [None]


def test_program_that_was_not_started_cannot_fetch_messages_from_an_instance(macro, strangers):
    strangers.trust = Trust.STARTED
    macro.outlet(sender=MACRO, receiver=MICRO, peer_locations=["tcp:127.0.0.1:1"]).send(MESSAGE)
    assert ask(tcp_address(macro), [REQUEST]) == [None]
    environment = {"CONJOIN_SECRET": SECRET, STARTED_FOR: "micro"}
    (answer,) = ask(tcp_address(macro), [REQUEST], environment=environment)
    assert mpp.decode_message(answer) == MESSAGE


def trust_of_macro(manager):
    received = []
    link = MMPClient("macro", manager.location, secret=manager.secret, on_trust=received.append)
    link.register_instance(["tcp:127.0.0.1:1"], [])
    link.close()
    return received


def test_instance_serves_only_started_programs_if_the_manager_starts_its_peers(manual):
    with Manager(with_programs(), options=started()) as manager:
        assert trust_of_macro(manager) == [Trust.STARTED]
    with Manager(manual) as manager:
        assert trust_of_macro(manager) == [Trust.USER]


def test_message_to_a_proven_peer_is_not_sent_in_muscle3s_protocol(manual):
    """A peer that has the secret is reached at its own locations only."""
    places = ["tcp:127.0.0.1:1", "conjoin:127.0.0.1:2"]
    with Manager(manual) as manager:
        links = {
            name: MMPClient(name, manager.location, secret=secret)
            for name, secret in (("macro", manager.secret), ("micro", manager.secret))
        }
        for link in links.values():
            link.register_instance(places, [])
        found = links["macro"].request_peers().locations[Reference("micro")]
        for link in links.values():
            link.close()
    assert found == ("conjoin:127.0.0.1:2",)


def test_peer_without_proof_cannot_be_reached_by_our_own_protocol(manual):
    places = ["tcp:127.0.0.1:1", "conjoin:127.0.0.1:2"]
    with Manager(manual) as manager:
        macro = MMPClient("macro", manager.location, secret=manager.secret)
        micro = MMPClient("micro", manager.location)
        for link in (macro, micro):
            link.register_instance(places, [])
        assert macro.request_peers().locations[Reference("micro")] == ("tcp:127.0.0.1:1",)
        # MUSCLE3's library gets what the peer has published
        assert micro.request_peers().locations[Reference("macro")] == tuple(places)
        macro.close()
        micro.close()
