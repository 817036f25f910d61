"""The manager's services: who has registered, who waits for whom, and how a run ends."""

import pytest

from application.manager.deadlock_watch import DeadlockWatch
from domain.errors import ManagerRefused
from domain.events import (
    DeadlockFound,
    InstanceDeregistered,
    InstanceExited,
    InstanceRegistered,
    InstanceState,
    LogRecorded,
)
from domain.identity import Reference
from domain.messages import LogRecord, Wait
from domain.ports import Operator, Port
from domain.profiling import ProfileEvent, ProfileEventType
from tests.support.desks import InMemoryDesk
from tests.unit.domain.models import configuration, nodes

LOOP = "macro o_i -> micro f_init\nmicro o_f -> macro s"
FILTERED = "macro o_i -> last micro f_init"
PLACES = ("tcp:a:1",)


def desk_for(text: str = LOOP, **options) -> InMemoryDesk:
    return InMemoryDesk(configuration(text, **options))


def register(desk: InMemoryDesk, *names: str, version: str = "0.11.0", ports: tuple = ()) -> None:
    for name in names:
        desk.desk.register_instance(name, PLACES, ports, version)


# Registration


@pytest.mark.parametrize("version", ["0.10.0", "0.10.3", "0.11.0", "0.11.2", "0.11.0+conjoin"])
def test_the_dialects_that_we_know_may_register(version: str):
    desk = desk_for()
    register(desk, "macro", version=version)
    assert desk.desk.is_dialect_0_10("macro") == version.startswith("0.10")


def test_our_own_instances_are_told_from_those_of_muscle3():
    desk = desk_for()
    register(desk, "macro", version="0.11.0+conjoin")
    register(desk, "micro", version="0.11.0")
    assert desk.registry.is_own("macro")
    assert not desk.registry.is_own("micro")


@pytest.mark.parametrize("version", ["0.9.0", "0.12.0", "1.0", "", "0", "0.11x", "?"])
def test_other_versions_are_refused_by_name(version: str):
    with pytest.raises(ManagerRefused, match="cannot talk"):
        register(desk_for(), "macro", version=version)


def test_dialects_do_not_mix_in_one_run():
    desk = desk_for()
    register(desk, "macro", version="0.11.0")
    with pytest.raises(ManagerRefused, match="Build all programs with the same version"):
        register(desk, "micro", version="0.10.0")
    assert not desk.registry.is_registered(Reference("micro"))


def test_the_older_dialect_knows_no_filters():
    with pytest.raises(ManagerRefused, match="conduit filters"):
        register(desk_for(FILTERED), "macro", version="0.10.0")


@pytest.mark.parametrize(
    "name", ["nobody", "macro[0]", "micro[3]", "micro", "a b", "", "macro.o_i"]
)
def test_who_is_not_in_the_model_is_refused(name: str):
    with pytest.raises(ManagerRefused, match=r"It has: macro, micro\[0..2\]"):
        register(desk_for(sizes={"micro": (3,)}), name)


def test_a_name_is_taken_until_it_deregisters():
    desk = desk_for()
    register(desk, "macro")
    with pytest.raises(ManagerRefused, match=r"was already registered\. Did you start a non-MPI"):
        register(desk, "macro")
    desk.desk.deregister_instance("macro")
    register(desk, "macro")
    desk.desk.deregister_instance("macro")
    with pytest.raises(ManagerRefused, match="not registered"):
        desk.desk.deregister_instance("macro")


def test_a_port_with_another_operator_than_the_configurations_is_refused():
    with pytest.raises(ManagerRefused, match=r"'o_i' of 'macro' has operator O_F .* but O_I"):
        register(desk_for(), "macro", ports=(Port("o_i", Operator.O_F), Port("s", Operator.S)))


def test_a_program_must_have_the_ports_that_conduits_need():
    with pytest.raises(ManagerRefused, match=r"connected to port 's' of 'macro'.*It has: o_i"):
        register(desk_for(), "macro", ports=(Port("o_i", Operator.O_I),))


# Peers


def test_peers_are_pending_until_all_have_registered():
    desk = desk_for(sizes={"micro": (2,)})
    register(desk, "macro", "micro[1]")
    with pytest.raises(Exception, match=r"^Waiting for component micro$"):
        desk.desk.get_peers("macro")
    told: list[object] = []
    desk.desk.await_peers("macro", told.append)
    assert not told
    register(desk, "micro[0]")
    assert told == [desk.desk.get_peers("macro")]


def test_one_of_a_set_sees_its_own_peers_only():
    desk = desk_for(sizes={"macro": (2,), "micro": (2,)})
    register(desk, "macro[1]", "micro[1]")
    found = desk.desk.get_peers("macro[1]")
    assert set(found.locations) == {Reference("micro[1]")}
    assert found.dimensions == {Reference("micro"): (2,)}


def test_who_was_there_and_left_can_still_be_asked_for():
    desk = desk_for()
    register(desk, "macro", "micro")
    desk.desk.deregister_instance("micro")
    assert desk.desk.get_peers("macro").locations[Reference("micro")] == PLACES


# Deadlocks


def test_a_cycle_is_reported_each_time_it_closes_and_withdrawn_waits_make_none():
    found: list[tuple[Wait, ...]] = []
    watch = DeadlockWatch(on_deadlock=found.append)
    a, b = Wait("a", "b", "p"), Wait("b", "a", "q")
    watch.add(a)
    assert not watch.is_deadlocked("a")
    watch.add(b)
    assert watch.is_deadlocked("a")
    assert found == [(b, a)]
    watch.remove(b)
    assert not watch.is_deadlocked("a")
    watch.add(b)
    assert found == [(b, a), (b, a)]


def test_waits_must_begin_before_they_end_and_only_once():
    watch = DeadlockWatch(on_deadlock=lambda _cycle: None)
    wait = Wait("a", "b", "p")
    with pytest.raises(ManagerRefused):
        watch.remove(wait)
    watch.add(wait)
    with pytest.raises(ManagerRefused):
        watch.add(wait)
    watch.remove_instance("a")
    watch.add(wait)


# The run


def started(**options) -> InMemoryDesk:
    desk = desk_for(**options)
    desk.agents.expect(["n0"])
    names = list(map(Reference, ("macro", "micro")))
    desk.control.start_all(
        dict.fromkeys(names, nodes(2)),
        environment={},
        hidden_environment={},
        bind_to_cores=False,
    )
    return desk


def live(desk: InMemoryDesk, name: str) -> None:
    register(desk, name)
    desk.desk.deregister_instance(name)


def test_a_run_in_which_all_end_well_has_succeeded():
    desk = started()
    for name in ("macro", "micro"):
        live(desk, name)
        assert desk.results == []
        desk.control.note_exit(name, 0, None)
    (result,) = desk.results
    assert result.succeeded
    assert {status.state for status in desk.board.all()} == {InstanceState.FINISHED}


@pytest.mark.parametrize(
    ("exit_code", "text"), [(3, "code 3"), (-9, "SIGKILL"), (0, "never registered")]
)
def test_an_instance_that_ends_badly_is_named_as_the_cause(exit_code: int, text: str):
    desk = started()
    desk.run_directory.outputs[Reference("macro")] = "the last words"
    desk.control.note_exit("macro", exit_code, None)
    assert desk.results == []
    desk.control.note_exit("micro", -15, None)
    (result,) = desk.results
    assert not result.succeeded
    assert result.failed_instances == ("macro",)
    assert text in result.cause
    assert "the last words" in result.cause
    assert desk.board["micro"].state is InstanceState.STOPPED


def test_who_leaves_before_its_reuse_loop_is_over_has_failed():
    desk = started()
    register(desk, "macro")
    desk.control.note_exit("macro", 0, None)
    desk.control.note_exit("micro", -15, None)
    assert "reuse loop was not over" in desk.results[0].cause


def test_the_cause_is_not_who_failed_first_only_because_a_peer_was_lost():
    desk = started()
    desk.run_directory.outputs[Reference("macro")] = "RuntimeError: did the peer crash?"
    desk.control.note_exit("macro", 1, None)
    desk.control.note_exit("micro", 7, None)
    (result,) = desk.results
    assert result.failed_instances == ("micro", "macro")
    assert "code 7" in result.cause


def test_a_run_that_is_stopped_ends_all_and_says_why():
    desk = started()
    desk.control.stop("The user lost patience.")
    for name in ("macro", "micro"):
        desk.control.note_exit(name, -15, None)
    (result,) = desk.results
    assert (result.succeeded, result.cause) == (False, "The user lost patience.")


def test_instances_that_the_user_starts_are_waited_for():
    desk = desk_for()
    live(desk, "macro")
    assert desk.results == []
    assert desk.control.by_hand == {"micro"}
    live(desk, "micro")
    assert desk.results[0].succeeded


def test_watchers_are_told_of_every_step():
    desk = started()
    live(desk, "macro")
    desk.control.note_exit("macro", 0, None)
    kinds = [type(event) for event in desk.sink.events]
    order = [kinds.index(k) for k in (InstanceRegistered, InstanceDeregistered, InstanceExited)]
    assert order == sorted(order)


# The desk


def test_a_wait_is_shown_and_a_deadlock_is_told():
    desk = desk_for()
    register(desk, "macro", "micro")
    desk.desk.waiting_for_receive(Wait("macro", "micro", "s"))
    assert desk.board["macro"].state is InstanceState.WAITING
    desk.desk.waiting_for_receive(Wait("micro", "macro", "f_init"))
    assert [event for event in desk.sink.events if isinstance(event, DeadlockFound)]
    desk.desk.waiting_for_receive_done(Wait("macro", "micro", "s"))
    assert desk.board["macro"].state is InstanceState.RUNNING


def test_the_time_of_a_muscle3_instance_comes_from_its_profile():
    desk = desk_for()
    register(desk, "macro")
    events = [
        ProfileEvent(ProfileEventType.SEND, 0, 1, message_timestamp=time) for time in (1.0, 2.5)
    ]
    desk.desk.submit_profile_events("macro", events)
    assert desk.board["macro"].simulated_time == 2.5
    assert desk.profiles.events[Reference("macro")] == events


def test_what_an_instance_logs_is_kept_and_shown():
    desk = desk_for()
    record = LogRecord("macro", 0.0, 30, "hm")
    desk.desk.submit_log_message(record)
    assert desk.logbook.records == [record]
    assert LogRecorded(record) in desk.sink.events


@pytest.mark.parametrize("name", ["nobody", "macro[1]", "a b"])
def test_requests_of_strangers_are_refused(name: str):
    desk = desk_for().desk
    for request in (
        lambda: desk.submit_profile_events(name, []),
        lambda: desk.get_checkpoint_info(name),
        lambda: desk.is_deadlocked(name),
        lambda: desk.waiting_for_receive(Wait(name, "macro", "p")),
        lambda: desk.report_status(name, 0.0, None),
        lambda: desk.get_peers(name),
        lambda: desk.deregister_instance(name),
    ):
        with pytest.raises(ManagerRefused):
            request()
