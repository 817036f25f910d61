"""Simulations of Python functions, as run in tests and notebooks."""

import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import types
import warnings
from pathlib import Path

import pytest
import ymmsl

from domain.errors import ConfigurationError, UsageError
from entrypoints.instance import Instance, Message, Operator, run_simulation
from tests.support.muscle3 import require_muscle3
from tests.support.pair import MODEL, macro, micro


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The working directory; temporary files beside it must have been removed."""
    temporary = tmp_path / "temporary"
    working = tmp_path / "working"
    for path in (temporary, working):
        path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.chdir(working)
    yield working
    assert list(temporary.iterdir()) == []


def answer_with(function):
    """Return a micro model that answers with the result of a function of the data."""

    def model():
        instance = Instance({Operator.F_INIT: ["init"], Operator.O_F: ["final"]})
        while instance.reuse_instance():
            message = instance.receive("init")
            instance.send("final", Message(message.timestamp, None, function(message.data)))

    return model


def fail(*_):
    raise ValueError("oh no")


def test_functions_run_and_their_output_is_printed(capsys, folder):
    assert run_simulation(MODEL, {"macro": macro, "micro": micro}).succeeded
    assert (folder / "performance.sqlite").read_bytes().startswith(b"SQLite format 3")
    assert "The simulation finished without error" in (folder / "muscle3_manager.log").read_text()
    assert capsys.readouterr().out == "received 0\nreceived 2\nreceived 4\n"


def test_temporary_directory_may_be_named_like_a_shell_variable(tmp_path, monkeypatch, capsys):
    (tmp_path / "$HOME ~").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "$HOME ~"))
    run_simulation(MODEL, {"macro": macro, "micro": micro})
    assert capsys.readouterr().out == "received 0\nreceived 2\nreceived 4\n"


@pytest.mark.parametrize("lengths", [[None], [0], [0, 2, 0]])
def test_port_without_slots_sends_nothing(lengths, capsys):
    def sender():
        instance = Instance({Operator.O_I: ["out[]"], Operator.S: ["in"]})
        while instance.reuse_instance():
            for length in lengths:
                if length is not None:
                    instance.set_port_length("out", length)
                for slot in range(length or 0):
                    instance.send("out", Message(0.0, None, slot), slot)
                if length:
                    print(instance.receive("in").data)

    def receiver():
        instance = Instance({Operator.F_INIT: ["init[]"], Operator.O_F: ["final"]})
        while instance.reuse_instance():
            slots = range(instance.get_port_length("init"))
            received = [instance.receive("init", slot).data for slot in slots]
            instance.send("final", Message(0.0, None, received))

    run_simulation(MODEL, {"macro": sender, "micro": receiver})
    assert capsys.readouterr().out == ("[0, 1]\n" if 2 in lengths else "")


@pytest.mark.parametrize(("sends", "receives"), [("out[]", "init"), ("out", "init[]")])
def test_conduit_with_slots_at_one_end_only_names_the_port(sends, receives):
    def sender():
        instance = Instance({Operator.O_I: [sends], Operator.S: ["in"]})
        while instance.reuse_instance():
            if instance.is_resizable("out"):
                instance.set_port_length("out", 1)
            instance.send("out", Message(0.0), 0 if instance.is_vector_port("out") else None)
            instance.receive("in")

    def receiver():
        instance = Instance({Operator.F_INIT: [receives], Operator.O_F: ["final"]})
        while instance.reuse_instance():
            raise AssertionError

    with pytest.raises(RuntimeError, match=r"'macro\.out' and 'micro\.init'.*only.*'\[\]'"):
        run_simulation(MODEL, {"macro": sender, "micro": receiver})


def test_closure_is_sent_with_its_variables(capsys):
    factor = 10
    run_simulation(MODEL, {"macro": macro, "micro": answer_with(lambda data: data * factor)})
    assert capsys.readouterr().out == "received 0\nreceived 10\nreceived 20\n"


def test_function_of_a_module_without_a_file_is_sent_completely(capsys, monkeypatch):
    module = types.ModuleType("made_here")
    monkeypatch.setitem(sys.modules, "made_here", module)
    code = "from tests.support.pair import *\nhelper = lambda: 7\n"
    code += "def seven():\n" + textwrap.indent(
        "instance = Instance({Operator.F_INIT: ['init'], Operator.O_F: ['final']})\n"
        "while instance.reuse_instance():\n"
        "    instance.receive('init')\n"
        "    instance.send('final', Message(0.0, None, helper()))\n",
        "    ",
    )
    exec(code, module.__dict__)
    run_simulation(MODEL, {"macro": macro, "micro": module.seven})
    assert capsys.readouterr().out == "received 7\n" * 3


def test_configuration_object_can_be_run_repeatedly(capsys):
    configuration = ymmsl.load(MODEL)
    for _ in range(2):
        run_simulation(configuration, {"macro": macro, "micro": micro})
    assert capsys.readouterr().out == "received 0\nreceived 2\nreceived 4\n" * 2


def test_path_and_list_of_configurations_are_accepted(folder, capsys):
    (folder / "model.ymmsl").write_text(MODEL)
    more = "ymmsl_version: v0.2\nsettings:\n  steps: 1\n"
    run_simulation([folder / "model.ymmsl", more], {"macro": macro, "micro": micro})
    assert capsys.readouterr().out == "received 0\n"


def test_file_of_version_0_1_is_accepted(capsys):
    text = """\
ymmsl_version: v0.1
model:
  name: pair
  components:
    macro: {implementation: macro, ports: {o_i: out, s: in}}
    micro: {implementation: micro, ports: {f_init: init, o_f: final}}
  conduits: {macro.out: micro.init, micro.final: macro.in}
settings: {steps: 1}
"""
    run_simulation(ymmsl.load(text), {"macro": macro, "micro": micro})
    assert capsys.readouterr().out == "received 0\n"


def test_functions_run_in_the_working_directory_and_leave_logs_and_a_profile(folder):
    def note(data):
        Path("data.txt").write_text(str(data))
        return data

    run_simulation(MODEL, {"macro": macro, "micro": answer_with(note)})
    assert (folder / "data.txt").read_text() == "2"
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        "data.txt",
        "muscle3.macro.log",
        "muscle3.micro.log",
        "muscle3_manager.log",
        "performance.sqlite",
    ]


def test_log_of_a_function_is_in_its_log_file(folder):
    import logging

    def log(data):
        logging.getLogger().warning("got %s", data)
        return data

    run_simulation(MODEL, {"macro": macro, "micro": answer_with(log)})
    assert "WARNING root: got 2" in (folder / "muscle3.micro.log").read_text()


def test_stderr_of_a_function_is_printed(capsys):
    def warn(data):
        print("careful", file=sys.stderr)
        return data

    run_simulation(MODEL, {"macro": macro, "micro": answer_with(warn)})
    assert "careful\n" in capsys.readouterr().err


def test_unicode_output_is_printed_unchanged(capsys):
    def write(data):
        print("Ω≈ç√")
        return data

    run_simulation(MODEL, {"macro": macro, "micro": answer_with(write)})
    assert capsys.readouterr().out.count("Ω≈ç√\n") == 3


def interrupt(data):
    raise KeyboardInterrupt("oh no")


@pytest.mark.parametrize(
    ("function", "error"), [(fail, "ValueError"), (interrupt, "KeyboardInterrupt")]
)
def test_failure_raises_a_runtime_error_with_the_instance_and_the_exception(
    folder, function, error
):
    with pytest.raises(RuntimeError) as caught:
        run_simulation(MODEL, {"macro": macro, "micro": answer_with(function)})
    text = str(caught.value)
    assert "at instance(s) 'micro'" in text
    assert f"{error}: oh no" in text
    assert f'raise {error}("oh no")' in text
    assert "function_runner" not in text
    assert "Its output is in" not in text
    assert f"{error}: oh no" in (folder / "muscle3.micro.log").read_text()


def test_exit_code_is_reported():
    with pytest.raises(RuntimeError, match="'micro' failed: it exited with code 3"):
        run_simulation(MODEL, {"macro": macro, "micro": answer_with(lambda _: os._exit(3))})


def test_signal_that_killed_a_function_is_reported():
    with pytest.raises(RuntimeError, match=r"killed by signal 9 \(SIGKILL\)"):
        run_simulation(
            MODEL, {"macro": macro, "micro": answer_with(lambda _: os.kill(os.getpid(), 9))}
        )


def test_function_that_creates_no_instance_is_reported():
    with pytest.raises(RuntimeError, match="does the program create an Instance"):
        run_simulation(MODEL, {"macro": macro, "micro": lambda: None})


def test_log_of_an_earlier_run_is_removed(folder):
    (folder / "muscle3.micro.log").write_text("of an earlier run")
    run_simulation(MODEL, {"macro": macro, "micro": micro})
    assert (folder / "muscle3.micro.log").read_text() == ""


def test_missing_function_is_rejected_before_anything_starts(folder):
    with pytest.raises(ValueError, match=r"implementations 'micro'.*given are: macro"):
        run_simulation(MODEL, {"macro": macro})
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [("mirco", "Did you mean 'micro' or 'macro'?"), ("other", "Valid names: macro, micro.")],
)
def test_function_without_a_component_is_rejected(name, hint, folder):
    programs = "programs:\n  micro:\n    description: A\n    executable: /nowhere\n"
    with pytest.raises(UsageError) as caught:
        run_simulation(MODEL + programs, {"macro": macro, name: micro})
    assert str(caught.value).endswith(f"implementation '{name}', which no component has. {hint}")
    assert list(folder.iterdir()) == []


def test_function_replaces_a_program(capsys):
    programs = "programs:\n  micro:\n    description: A\n    executable: /nowhere\n"
    run_simulation(MODEL + programs, {"macro": macro, "micro": micro})
    assert capsys.readouterr().out.startswith("received 0\n")


def test_imports_are_rejected():
    text = MODEL.replace("models:", "imports:\n- from x import implementation y\nmodels:")
    with pytest.raises(ConfigurationError, match="'imports' cannot be used here"):
        run_simulation(text, {"macro": macro, "micro": micro})


def test_function_that_cannot_be_sent_to_another_process_is_named():
    lock = threading.Lock()
    with pytest.raises(UsageError, match="'micro' cannot be sent to another process"):
        run_simulation(MODEL, {"macro": macro, "micro": answer_with(lambda _: lock)})


def test_value_that_is_not_a_function_is_rejected():
    with pytest.raises(UsageError, match="'micro' is of type str, not a function"):
        run_simulation(MODEL, {"macro": macro, "micro": "micro"})


@pytest.mark.slow
def test_script_needs_no_main_guard(folder):
    script = folder / "script.py"
    script.write_text(
        "from tests.support.pair import MODEL, macro\n"
        "from entrypoints.instance import *\n"
        "twice = lambda data: data * 2\n"
        "def micro():\n"
        "    instance = Instance({Operator.F_INIT: ['init'], Operator.O_F: ['final']})\n"
        "    while instance.reuse_instance():\n"
        "        message = instance.receive('init')\n"
        "        instance.send('final', Message(0.0, None, twice(message.data)))\n"
        "run_simulation(MODEL, {'macro': macro, 'micro': micro})\n"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("received 0\nreceived 2\nreceived 4\n", "")


@pytest.mark.slow
@pytest.mark.muscle3
@pytest.mark.parametrize("case", ["good", "missing", "failing"])
def test_muscle3_ends_in_the_same_way(case, folder):
    """Run the same program with MUSCLE3's library and with ours."""
    program = Path(__file__).with_name("comparison.py")
    root = Path(__file__).resolve().parents[3]
    endings = []
    for library, python in (("libmuscle", require_muscle3().python), ("ours", sys.executable)):
        done = subprocess.run(
            [python, program, library, case],
            env={**os.environ, "PYTHONPATH": "" if library == "libmuscle" else str(root)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        endings.append(done.stdout)
    assert endings[0] == endings[1]


def test_run_simulation_raises_no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_simulation(MODEL, {"macro": macro, "micro": micro})
