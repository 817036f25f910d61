"""Error messages for calls of the library with arguments of the wrong type."""

import numpy as np
import pytest

from entrypoints.instance import Instance, InstanceFlags, Message, Operator, run_simulation
from tests.support.pair import MODEL, micro

PORTS = {Operator.O_I: ["out"], Operator.S: ["in"]}


def started():
    instance = Instance(PORTS)
    instance.reuse_instance()
    return instance


def changed():
    message = Message(0.0)
    message.timestamp = "noon"
    return message


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (
            lambda: started().send("out", 5),
            "send() on port 'out' takes a Message, but got a int: 5. Write Message(timestamp,",
        ),
        (
            lambda: started().send("out", changed()),
            "send() on port 'out': The timestamp of a Message must be a simulation time, as a",
        ),
        (
            lambda: Instance(PORTS, 4),
            "'flags' of Instance() must be of type InstanceFlags, but got 4.",
        ),
        (
            lambda: Instance({"O_I": ["out"]}),
            "Operator.O_F. Write the operator without quotes",
        ),
        (
            lambda: Instance(["out"]),
            "must be lists of names by operator, but got ['out'].",
        ),
        (
            lambda: Instance({Operator.O_I: "out", Operator.S: ["in"]}),
            "must be a list of names, but they are 'out'. Write [\"out\"].",
        ),
    ],
)
def test_invalid_argument_error_contains_its_name_and_the_correct_form(
    mistake, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError) as caught:
        run_simulation(MODEL, {"macro": mistake, "micro": micro})
    assert message in str(caught.value)


def use_unknown_port():
    started().send("nowhere", Message(0.0))


def raise_from_a_mistake():
    try:
        use_unknown_port()
    except RuntimeError as error:
        raise ValueError("so it ends") from error


@pytest.mark.parametrize("mistake", [use_unknown_port, raise_from_a_mistake])
def test_traceback_shows_only_the_users_lines(mistake, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError) as caught:
        run_simulation(MODEL, {"macro": mistake, "micro": micro})
    text = str(caught.value)
    shown = [line.split('"')[1] for line in text.splitlines() if line.lstrip().startswith("File ")]
    assert set(shown) == {__file__}
    assert 'started().send("nowhere", Message(0.0))' in text


def test_flags_and_times_of_compatible_types_are_accepted(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def macro():
        instance = Instance(PORTS, InstanceFlags.DONT_APPLY_OVERLAY)
        while instance.reuse_instance():
            message = Message(1, np.int64(2))
            message.timestamp = np.float32(1.5)
            instance.send("out", message)
            instance.receive("in")

    def answering():
        instance = Instance({Operator.F_INIT: ["init"], Operator.O_F: ["final"]})
        while instance.reuse_instance():
            received = instance.receive("init")
            print(repr(received.timestamp), repr(received.next_timestamp))
            instance.send("final", received)

    run_simulation(MODEL, {"macro": macro, "micro": answering})
    assert capsys.readouterr().out == "1.5 2.0\n"
