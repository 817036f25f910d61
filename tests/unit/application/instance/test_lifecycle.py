"""Instances that live a whole life, with everything outside of them in memory."""

import re

import pytest

from domain.errors import (
    CallOrderError,
    Deadlock,
    PortError,
    SettingMismatch,
    UnsendableData,
    UsageError,
)
from domain.flags import InstanceFlags
from domain.identity import Reference
from domain.ports import Operator
from domain.settings import Settings
from tests.support.in_memory_runs import InMemorySimulation, Joined

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


def test_a_macro_model_calls_a_micro_model_and_both_leave():
    simulation = InMemorySimulation(LOOP, timelines=CALLED)
    results = simulation.run({"macro": counting_macro, "micro": doubling_micro})
    assert results == {"macro": [0, 2, 4], "micro": 3}
    assert not any(map(simulation.desk.registry.is_registered, map(Reference, results)))


def test_a_model_without_f_init_runs_once():
    def count(me: Joined) -> int:
        return sum(1 for _ in iter(me.reuse, False))

    assert InMemorySimulation("alone").run({"alone": count}) == {"alone": 1}


def test_a_vector_port_talks_to_each_instance_of_a_set():
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


def test_the_sender_sets_the_length_of_a_resizable_port():
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
    """A model that goes through lengths of a port: on O_I in a pass, on O_F one for each pass."""

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
def test_an_o_i_port_may_have_no_slots_for_a_while(lengths, received):
    results = InMemorySimulation(
        "sender o_i -> receiver f_init", timelines={"receiver": "sender:receiver"}
    ).run(
        {"sender": sending_of_lengths("o_i", lengths), "receiver": receiving_what_comes},
        ports={"sender": {Operator.O_I: ["o_i[]"]}, "receiver": {Operator.F_INIT: ["f_init[]"]}},
    )
    assert results == {"sender": 1, "receiver": received}


@LENGTHS
def test_an_o_f_port_may_have_no_slots_for_a_while(lengths, received):
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
def test_a_receiver_that_leaves_early_need_not_know_that_a_port_has_shrunk(lengths):
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


def test_an_overlay_reaches_a_model_and_goes_along_with_what_it_sends():
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


def test_messages_of_different_universes_do_not_mix():
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
def test_a_repeating_filter_gives_the_message_as_often_as_asked(filters: str, expected: list):
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


def test_a_reducing_filter_passes_the_last_message_of_the_loop():
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


def test_an_instance_that_fails_tells_its_peers_by_closing_its_ports():
    def macro(me: Joined) -> None:
        me.reuse()
        me.send("o_i", object())

    simulation = InMemorySimulation(LOOP, timelines=CALLED)
    results = simulation.run({"macro": macro, "micro": doubling_micro})
    assert "data cannot be sent" in raised(results, "macro", UnsendableData)
    assert results["micro"] == 0
    assert "data cannot be sent" in last_lines(simulation, "macro")


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
def test_an_instance_that_fails_drains_its_ports_for_senders_that_wait(fail, received):
    def failing(me: Joined) -> None:
        me.reuse()
        for _ in range(received):
            me.receive("s")
        fail(me)

    simulation = InMemorySimulation("macro o_i -> micro s", must_drain=True)
    results = simulation.run({"macro": sending_macro, "micro": failing})
    assert results["macro"] == 0


def test_an_instance_that_fails_while_joining_drains_its_ports_too():
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


def test_who_waits_for_an_answer_learns_that_the_peer_is_gone():
    def micro(me: Joined) -> None:
        me.reuse()
        me.lifecycle.error_shutdown("The matrix is singular.")

    simulation = InMemorySimulation(LOOP, timelines=CALLED)
    results = simulation.run({"macro": counting_macro, "micro": micro})
    assert raised(results, "macro", RuntimeError) == (
        "Port s was closed while trying to receive on it, did the peer crash?"
    )
    assert "The matrix is singular." in last_lines(simulation, "micro")


def test_two_that_wait_for_each_other_are_told_of_the_deadlock():
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
def test_a_mistake_is_named_and_the_peers_do_not_wait_for_ever(mistake, kind, text):
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


def test_f_init_has_one_message_for_each_pass():
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


def test_an_instance_that_has_left_says_so():
    me = InMemorySimulation("alone").join("alone")
    assert me.reuse()
    assert not me.reuse()
    for call in (me.reuse, lambda: me.send("o_f", 1), lambda: me.receive("s")):
        with pytest.raises(UsageError, match="has shut down already"):
            call()


def test_what_is_sent_on_a_port_that_is_not_connected_is_dropped():
    me = InMemorySimulation("alone").join("alone")
    me.reuse()
    me.send("o_f", object())
    assert me.receive("s", default="instead") == "instead"
    assert not me.reuse()


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("muscle_profile_level", "some", "must be 'none' or 'all'"),
        ("muscle_local_log_level", "LOUD", "must be one of DISABLE, CRITICAL"),
        ("muscle_deadlock_receive_timeout", "soon", "'muscle_deadlock_receive_timeout'"),
    ],
)
def test_a_wrong_setting_for_the_library_is_refused_at_once(name, value, text):
    simulation = InMemorySimulation("alone", settings={name: value})
    with pytest.raises((UsageError, SettingMismatch), match=text):
        simulation.join("alone")
    assert not simulation.desk.registry.is_registered(Reference("alone"))


@pytest.mark.parametrize(
    ("ports", "text"),
    [
        ({Operator.O_F: ["muscle_x"]}, "reserved"),
        ({Operator.O_F: ["a b"]}, "no valid name"),
        ({Operator.O_F: ["a"], Operator.S: ["a[]"]}, "declared twice"),
    ],
)
def test_a_wrong_declaration_of_ports_is_refused(ports, text):
    with pytest.raises(PortError, match=text):
        InMemorySimulation("alone").join("alone", ports)


def test_a_conduit_to_a_port_that_the_program_does_not_have_is_named():
    simulation = InMemorySimulation("a o_f -> a s")
    with pytest.raises(RuntimeError, match=r"connected to port 's' of 'a'.*does not have.* o_f"):
        simulation.join("a", {Operator.O_F: ["o_f"]})


def test_a_vector_port_towards_fewer_dimensions_is_refused():
    simulation = InMemorySimulation("a o_f -> b f_init", sizes={"a": (1,)})
    results = simulation.run(
        {"a": doubling_micro, "b": doubling_micro},
        ports={"a": {Operator.O_F: ["o_f[]"]}, "b": {Operator.F_INIT: ["f_init"]}},
    )
    assert "fewer dimensions" in raised(results, "a[0]", PortError)


def test_everything_is_profiled_unless_the_user_does_not_want_it():
    for level, expected in (("all", {"SEND", "RECEIVE", "SHUTDOWN"}), ("none", set())):
        simulation = InMemorySimulation(
            LOOP, timelines=CALLED, settings={"muscle_profile_level": level}
        )
        simulation.run({"macro": counting_macro, "micro": doubling_micro})
        events = simulation.desk.profiles.events[Reference("macro")]
        kinds = {event.event_type.name for event in events}
        assert {"REGISTER", "CONNECT", "DEREGISTER"} <= kinds
        assert kinds & {"SEND", "RECEIVE", "SHUTDOWN"} == expected
