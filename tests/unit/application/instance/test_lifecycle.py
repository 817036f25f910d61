"""The whole life cycle of instances, with in-memory connections."""

import re

import pytest

from domain.coupling.flags import InstanceFlags
from domain.coupling.ports import Operator
from domain.coupling.settings import Settings
from domain.errors import (
    CallOrderError,
    Deadlock,
    PeerFinished,
    PortClosed,
    PortError,
    UnsendableData,
    UsageError,
)
from domain.identity import Reference
from domain.running.failure_kinds import FailureKind
from tests.support.in_memory_runs import InMemorySimulation, Joined, Program

LOOP = """macro o_i -> micro f_init
          micro o_f -> macro s"""
CALLED = {"micro": "macro:micro"}


def counting_macro(me: Joined) -> list[object]:
    seen = []
    while me.reuse():
        for step in range(3):
            me.send("o_i", step)
            seen.append(me.receive("s"))
    return seen


def doubling_micro(me: Joined) -> int:
    passes = 0
    while me.reuse():
        me.send("o_f", me.receive("f_init") * 2)
        passes += 1
    return passes


def last_lines(simulation: InMemorySimulation, name: str) -> str:
    return "\n".join(text for _, text in simulation.logs[name].lines)


def raised(results: dict[str, object], name: str, kind: type[Exception]) -> str:
    assert isinstance(results[name], kind), results
    return str(results[name])


def test_macro_and_micro_exchange_messages_and_deregister():
    simulation = InMemorySimulation(LOOP, timelines=CALLED)
    results = simulation.run({"macro": counting_macro, "micro": doubling_micro})
    assert results == {"macro": [0, 2, 4], "micro": 3}
    assert not any(map(simulation.desk.registry.is_registered, map(Reference, results)))


def test_model_without_f_init_ports_runs_a_single_pass():
    def count(me: Joined) -> int:
        return sum(1 for _ in iter(me.reuse, False))

    assert InMemorySimulation("alone").run({"alone": count}) == {"alone": 1}


def test_vector_port_exchanges_messages_with_each_instance_of_a_set():
    def macro(me: Joined) -> object:
        while me.reuse():
            assert me.lifecycle.vector_port("o_i").length == 3
            for slot in range(3):
                me.send("o_i", slot, slot)
            answers = [me.receive("s", slot) for slot in range(3)]
        return answers

    simulation = InMemorySimulation(LOOP, sizes={"micro": (3,)}, timelines=CALLED)
    results = simulation.run({"macro": macro, "micro": doubling_micro})
    assert results["macro"] == [0, 2, 4]


def test_sender_sets_the_length_of_a_resizable_port():
    def sender(me: Joined) -> None:
        while me.reuse():
            me.lifecycle.set_port_length("o_f", 4)
            for slot in range(4):
                me.send("o_f", slot * 10, slot)

    def receiver(me: Joined) -> object:
        while me.reuse():
            length = me.lifecycle.vector_port("f_init").length
            seen = [me.receive("f_init", slot) for slot in range(length)]
        return seen

    results = InMemorySimulation("sender o_f -> receiver f_init").run(
        {"sender": sender, "receiver": receiver},
        ports={"sender": {Operator.O_F: ["o_f[]"]}, "receiver": {Operator.F_INIT: ["f_init[]"]}},
    )
    assert results["receiver"] == [0, 10, 20, 30]


def sending_of_lengths(port: str, lengths: "list[int | None]"):
    """Return a model that sets a port to each length: on O_I within a pass, on O_F one per pass."""

    def send_all(me: Joined, length: "int | None") -> None:
        if length is not None:
            me.lifecycle.set_port_length(port, length)
        for slot in range(length or 0):
            me.send(port, [length, slot], slot)

    def sender(me: Joined) -> int:
        left = iter(lengths)
        passes = 0
        while me.reuse():
            for length in left if port == "o_i" else [next(left)]:
                send_all(me, length)
            passes += 1
        return passes

    return sender


def receiving_what_comes(me: Joined) -> list[object]:
    seen = []
    while me.reuse():
        length = me.lifecycle.vector_port("f_init").length
        seen += [me.receive("f_init", slot) for slot in range(length)]
    return seen


def calling(times: int):
    def caller(me: Joined) -> None:
        while me.reuse():
            for step in range(times):
                me.send("o_i", step)

    return caller


LENGTHS = pytest.mark.parametrize(
    ("lengths", "received"),
    [
        ([None], []),
        ([0], []),
        ([0, 2, 0], [[2, 0], [2, 1]]),
        ([None, 2, 0, 1, 3], [[2, 0], [2, 1], [1, 0], [3, 0], [3, 1], [3, 2]]),
        ([2, 0], [[2, 0], [2, 1]]),
    ],
)


@LENGTHS
def test_resizable_o_i_port_may_temporarily_have_no_slots(lengths, received):
    results = InMemorySimulation(
        "sender o_i -> receiver f_init", timelines={"receiver": "sender:receiver"}
    ).run(
        {"sender": sending_of_lengths("o_i", lengths), "receiver": receiving_what_comes},
        ports={"sender": {Operator.O_I: ["o_i[]"]}, "receiver": {Operator.F_INIT: ["f_init[]"]}},
    )
    assert results == {"sender": 1, "receiver": received}


@LENGTHS
def test_resizable_o_f_port_may_temporarily_have_no_slots(lengths, received):
    called = {"sender": "caller:called", "receiver": "caller:called"}
    results = InMemorySimulation(
        """caller o_i -> sender f_init
           sender o_f -> receiver f_init""",
        timelines=called,
    ).run(
        {
            "caller": calling(len(lengths)),
            "sender": sending_of_lengths("o_f", lengths),
            "receiver": receiving_what_comes,
        },
        ports={
            "sender": {Operator.F_INIT: ["f_init"], Operator.O_F: ["o_f[]"]},
            "receiver": {Operator.F_INIT: ["f_init[]"]},
        },
    )
    assert results == {"caller": None, "sender": len(lengths), "receiver": received}


@pytest.mark.parametrize("lengths", [[None], [0], [2, 0], [2, 1]])
def test_receiver_leaves_early_although_the_sender_shrank_the_port(lengths):
    def leave(me: Joined) -> str:
        while me.reuse():
            for slot in range(lengths[0] or 0):
                me.receive("s", slot)
        return "left"

    simulation = InMemorySimulation("sender o_i -> receiver s")
    results = simulation.run(
        {"sender": sending_of_lengths("o_i", lengths), "receiver": leave},
        ports={"sender": {Operator.O_I: ["o_i[]"]}, "receiver": {Operator.S: ["s[]"]}},
    )
    assert results == {"sender": 1, "receiver": "left"}
    assert "lost" not in last_lines(simulation, "receiver")


def test_settings_overlay_applies_to_a_model_and_to_its_messages():
    def source(me: Joined) -> None:
        while me.reuse():
            me.send("o_f", Settings({"x": 5}))

    def model(me: Joined) -> object:
        while me.reuse():
            seen = me.setting("x"), me.lifecycle.list_settings()
            me.send("o_f", "result")
        return seen

    def judge(me: Joined) -> object:
        while me.reuse():
            seen = me.receive_with_settings("f_init")
        return seen

    simulation = InMemorySimulation(
        "source o_f -> model muscle_settings_in\nmodel o_f -> judge f_init",
        settings={"x": 1, "y": 2},
    )
    results = simulation.run(
        {"source": source, "model": model, "judge": judge}, flags=InstanceFlags.DONT_APPLY_OVERLAY
    )
    assert results["model"] == (5, ["x", "y"])
    assert results["judge"] == Settings({"x": 5})


def test_messages_with_different_overlays_are_rejected():
    def source(value: int):
        def run(me: Joined) -> None:
            while me.reuse():
                me.send("o_f", None, settings=Settings({"x": value}))

        return run

    simulation = InMemorySimulation("a o_f -> c f_init\nb o_f -> c s")

    def receiver(me: Joined) -> None:
        while me.reuse():
            me.receive("f_init")
            me.receive("s")

    results = simulation.run({"a": source(1), "b": source(2), "c": receiver})
    assert "parallel universe" in raised(results, "c", RuntimeError)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [("repeat", ["first", "first", "first"]), ("pad", ["first", None, None])],
)
def test_repeating_filter_gives_the_message_on_each_receive(filters: str, expected: list):
    def source(me: Joined) -> None:
        while me.reuse():
            me.send("o_f", "first")

    def looping(me: Joined) -> object:
        seen = []
        while me.reuse():
            for step in range(3):
                me.send("o_i", step)
                seen.append(me.receive("s"))
        return seen

    simulation = InMemorySimulation(f"source o_f -> {filters} looping s\nlooping")
    assert simulation.run({"source": source, "looping": looping})["looping"] == expected


def test_reducing_filter_passes_the_last_message_of_the_loop():
    def loop(me: Joined) -> None:
        while me.reuse():
            for step in range(5):
                me.send("o_i", step)

    def after(me: Joined) -> object:
        seen = []
        while me.reuse():
            seen.append(me.receive("f_init"))
        return seen

    simulation = InMemorySimulation("loop o_i -> last after f_init")
    assert simulation.run({"loop": loop, "after": after})["after"] == [4]


def test_failing_instance_closes_its_ports():
    def macro(me: Joined) -> None:
        me.reuse()
        me.send("o_i", object())

    simulation = InMemorySimulation(LOOP, timelines=CALLED)
    results = simulation.run({"macro": macro, "micro": doubling_micro})
    assert "data cannot be sent" in raised(results, "macro", UnsendableData)
    assert results["micro"] == 0
    assert "data cannot be sent" in last_lines(simulation, "macro")


def test_receive_fails_when_the_peer_closes_the_port():
    def micro(me: Joined) -> None:
        me.reuse()
        me.lifecycle.error_shutdown("The matrix is singular.")

    simulation = InMemorySimulation(LOOP, timelines=CALLED)
    results = simulation.run({"macro": counting_macro, "micro": micro})
    assert raised(results, "macro", PortClosed).startswith(
        "Port s was closed while trying to receive on it, did the peer crash?"
    )
    assert "The matrix is singular." in last_lines(simulation, "micro")


def test_peer_that_finishes_early_is_named_by_the_receiver_that_waits():
    def micro(me: Joined) -> None:
        while me.reuse():
            for _ in range(3):
                me.receive("s")

    def macro(me: Joined) -> None:
        while me.reuse():
            for step in range(2):
                me.send("o_i", step)

    simulation = InMemorySimulation("macro o_i -> micro s")
    kinds = kinds_reported(simulation)
    results = simulation.run({"macro": macro, "micro": micro})
    assert raised(results, "micro", PeerFinished).startswith(
        "'macro' finished after sending 2 messages on 'o_i'; 'micro' waits for a 3rd on 's'."
    )
    assert kinds == {}, "the model may handle the error"
    results["micro"].report()
    assert kinds == {"micro": FailureKind.OWN}


def test_receiver_goes_on_with_its_other_ports_if_one_sender_finishes():
    def sender(number: int) -> Program:
        def send_all(me: Joined) -> None:
            while me.reuse():
                for step in range(number):
                    me.send("o_i", step)

        return send_all

    def receiver(me: Joined) -> object:
        seen, ended = [], []
        while me.reuse():
            for _ in range(4):
                try:
                    me.receive("early")
                except PeerFinished as error:
                    ended.append(str(error))
                seen.append(me.receive("late"))
        return seen, ended

    simulation = InMemorySimulation("first o_i -> both early\nsecond o_i -> both late")
    results = simulation.run(
        {"first": sender(2), "second": sender(4), "both": receiver},
        ports={"both": {Operator.S: ["early", "late"]}},
    )
    seen, ended = results["both"]
    assert seen == [0, 1, 2, 3]
    assert len(ended) == 2
    assert len(set(ended)) == 1


def test_messages_that_a_receiver_leaves_are_reported_at_its_end():
    def micro(me: Joined) -> None:
        while me.reuse():
            me.receive("s")

    def macro(me: Joined) -> None:
        while me.reuse():
            for step in range(3):
                me.send("o_i", step)

    simulation = InMemorySimulation("macro o_i -> micro s")
    simulation.run({"macro": macro, "micro": micro})
    assert "2 messages from 'macro.o_i' were not received on port 's'." in last_lines(
        simulation, "micro"
    )


@pytest.mark.parametrize("call", ["receive", "send"])
def test_call_before_the_reuse_loop_is_rejected_with_the_loop(call):
    def micro(me: Joined) -> None:
        if call == "receive":
            me.receive("f_init")
        me.send("o_f", 1)

    simulation = InMemorySimulation(LOOP, timelines=CALLED)
    results = simulation.run({"macro": counting_macro, "micro": micro})
    error = raised(results, "micro", CallOrderError)
    assert "- A call of reuse_instance()" in error
    assert error.endswith("in the reuse loop: while instance.reuse_instance(): ...")


def test_copy_in_a_forked_process_rejects_calls_and_does_not_leave():
    def macro(me: Joined) -> None:
        me.reuse()
        me.lifecycle.note_forked(1234)
        me.send("o_i", 1)

    simulation = InMemorySimulation("macro")
    results = simulation.run({"macro": macro})
    assert "'macro' is used in process 1234, which was forked" in raised(
        results, "macro", UsageError
    )
    assert simulation.desk.registry.is_registered(Reference("macro"))


def kinds_reported(simulation: InMemorySimulation) -> dict[str, FailureKind]:
    """Return the kinds of failure that instances report from now on."""
    kinds: dict[str, FailureKind] = {}
    simulation.desk.desk.report_failed = lambda name, _, *, kind: kinds.update({name: kind})
    return kinds


def test_closed_port_is_reported_as_a_lost_peer_and_error_shutdown_as_own_failure():
    def micro(me: Joined) -> None:
        me.reuse()
        me.lifecycle.error_shutdown("The matrix is singular.")

    simulation = InMemorySimulation(LOOP, timelines=CALLED)
    kinds = kinds_reported(simulation)
    simulation.run({"macro": counting_macro, "micro": micro})
    assert kinds == {"macro": FailureKind.LOST_PEER, "micro": FailureKind.OWN}


def test_deadlock_is_reported_as_the_failure_kind():
    def waiting(me: Joined) -> None:
        me.reuse()
        me.receive("s")

    simulation = InMemorySimulation(
        "a o_i -> b s\nb o_i -> a s", settings={"muscle_deadlock_receive_timeout": 0.1}
    )
    kinds = kinds_reported(simulation)
    simulation.run({"a": waiting, "b": waiting})
    assert set(kinds) == {"a", "b"}
    assert FailureKind.DEADLOCK in kinds.values()


def test_deadlock_of_two_instances_raises_an_error():
    def waiting(me: Joined) -> None:
        me.reuse()
        me.receive("s")

    simulation = InMemorySimulation(
        "a o_i -> b s\nb o_i -> a s", settings={"muscle_deadlock_receive_timeout": 0.1}
    )
    results = simulation.run({"a": waiting, "b": waiting})
    errors = [error for error in results.values() if isinstance(error, Deadlock)]
    assert errors
    assert "receiving a message on port 's'." in str(errors[0])
    assert all(isinstance(error, RuntimeError) for error in results.values())


MISTAKES = {
    "receive on a port that is not connected": (
        lambda me: me.receive("s"),
        PortError,
        "'s', which is not connected, and no default",
    ),
    "receive on a sending port": (lambda me: me.receive("o_f"), PortError, "'o_f'.* O_F"),
    "send on a receiving port": (lambda me: me.send("f_init", 1), PortError, "'f_init'.* F_INIT"),
    "use a port that is not there": (
        lambda me: me.send("nothing", 1),
        PortError,
        "no port 'nothing'.* 'o_f'",
    ),
    "give a slot to a scalar port": (
        lambda me: me.send("o_f", 1, 3),
        PortError,
        "scalar port, but slot 3",
    ),
    "set the length of a scalar port": (
        lambda me: me.lifecycle.set_port_length("o_f", 2),
        PortError,
        "scalar port",
    ),
    "send twice on an O_F port": (
        lambda me: [me.send("o_f", 1), me.send("o_f", 2)],
        CallOrderError,
        r"(?s)expecting one of the following instead:\n- A call of reuse_instance\(\)",
    ),
    "go on before all is sent": (
        lambda me: me.reuse(),
        CallOrderError,
        r"- A send on O_F port 'o_f'",
    ),
}


@pytest.mark.parametrize(("mistake", "kind", "text"), MISTAKES.values(), ids=MISTAKES)
def test_misuse_of_ports_is_reported_and_peers_are_not_left_waiting(mistake, kind, text):
    def wrong(me: Joined) -> None:
        me.reuse()
        mistake(me)

    def receiver(me: Joined) -> int:
        return sum(1 for _ in iter(me.reuse, False))

    simulation = InMemorySimulation("wrong o_f -> receiver f_init")
    results = simulation.run({"wrong": wrong, "receiver": receiver})
    assert re.search(text, raised(results, "wrong", kind))
    assert isinstance(results["receiver"], int)
    assert last_lines(simulation, "wrong") == str(results["wrong"])


def test_second_receive_on_an_f_init_port_in_a_pass_is_rejected():
    def greedy(me: Joined) -> None:
        me.reuse()
        me.receive("f_init")
        me.receive("f_init")

    def source(me: Joined) -> None:
        while me.reuse():
            me.send("o_f", 1)

    results = InMemorySimulation("source o_f -> greedy f_init").run(
        {"source": source, "greedy": greedy}
    )
    assert "receive twice on F_INIT port 'f_init'" in raised(results, "greedy", PortError)


def test_calls_after_shutdown_are_rejected():
    me = InMemorySimulation("alone").join("alone")
    assert me.reuse()
    assert not me.reuse()
    for call in (me.reuse, lambda: me.send("o_f", 1), lambda: me.receive("s")):
        with pytest.raises(UsageError, match="has shut down already"):
            call()


def test_unconnected_ports_drop_messages_and_give_the_default():
    me = InMemorySimulation("alone").join("alone")
    me.reuse()
    me.send("o_f", object())
    assert me.receive("s", default="instead") == "instead"
    assert not me.reuse()


def test_profile_level_none_turns_off_profiling_of_messages():
    for level, expected in (("all", {"SEND", "RECEIVE", "SHUTDOWN"}), ("none", set())):
        simulation = InMemorySimulation(
            LOOP, timelines=CALLED, settings={"muscle_profile_level": level}
        )
        simulation.run({"macro": counting_macro, "micro": doubling_micro})
        events = simulation.desk.profiles.events[Reference("macro")]
        kinds = {event.event_type.name for event in events}
        assert {"REGISTER", "CONNECT", "DEREGISTER"} <= kinds
        assert kinds & {"SEND", "RECEIVE", "SHUTDOWN"} == expected


SENDING = 50


def sending_macro(me: Joined) -> int:
    me.reuse()
    for number in range(SENDING):
        me.send("o_i", number)
    return int(me.reuse())


def misusing(me: Joined) -> None:
    me.send("nothing", 1)


def shutting_down(me: Joined) -> None:
    me.lifecycle.error_shutdown("The matrix is singular.")


@pytest.mark.parametrize("fail", [misusing, shutting_down])
@pytest.mark.parametrize("received", [0, 1])
def test_failing_instance_drains_its_ports_for_senders_that_wait(fail, received):
    def failing(me: Joined) -> None:
        me.reuse()
        for _ in range(received):
            me.receive("s")
        fail(me)

    simulation = InMemorySimulation("macro o_i -> micro s", must_drain=True)
    results = simulation.run({"macro": sending_macro, "micro": failing})
    assert results["macro"] == 0


def test_instance_that_fails_while_joining_drains_its_ports():
    def failing(me: Joined) -> None:
        pytest.fail("has joined")

    simulation = InMemorySimulation(
        "macro o_i -> micro s",
        must_drain=True,
        settings={"micro.muscle_deadlock_receive_timeout": "soon"},
    )
    results = simulation.run({"macro": sending_macro, "micro": failing})
    assert results["macro"] == 0
    assert isinstance(results["micro"], RuntimeError | TypeError)
