"""Error messages about a user's mistakes: what is wrong, where, and what to do about it."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.support.conditions import wait_until
from tests.support.workspace import Outcome, Workspace

COMPLETED, FAILED, MISTAKE = 0, 1, 2
OUR_FRAME = re.compile(r'File ".*/(conjoin|entrypoints|application|adapters|domain)/')
THEIR_PROGRAM = 'executable: {python}\n    args: ["{folder}/micro.py"]'


def test_unchanged_example_runs(workspace: Workspace):
    outcome = workspace.start_all()
    assert outcome.exit_code == COMPLETED, outcome.text
    assert "Simulation completed successfully." in outcome.stdout
    assert f"Output is in {workspace.run_dir}" in outcome.stdout
    assert outcome.stderr == ""
    assert not outcome.left_behind


# In the yMMSL files, and on the command line ------------------------------------------------------


def test_conduit_to_an_unknown_component_is_rejected(workspace: Workspace):
    workspace.change("model.ymmsl", "micro.final: macro.state_in", "micro.final: makro.state_in")
    assert_rejected(
        workspace.start_all(),
        ": in model 'pair': conduit 'micro.final: makro.state_in':"
        " component 'makro' does not exist. Did you mean 'macro'",
    )


def test_conduit_with_an_unknown_port_is_rejected(workspace: Workspace):
    workspace.change("model.ymmsl", "micro.final: macro", "micro.finale: macro")
    assert_rejected(
        workspace.start_all(),
        "conduit 'micro.finale: macro.state_in': component 'micro' has no port 'finale'."
        " Did you mean 'final'?",
    )


def test_conduit_from_a_receiving_port_is_rejected(workspace: Workspace):
    workspace.change("model.ymmsl", "          o_f: final", "          s: final")
    outcome = workspace.start_all()
    assert_rejected(outcome, "conduit 'micro.final: macro.state_in'", "'final'", "receive")


def test_malformed_yaml_is_rejected(workspace: Workspace):
    workspace.change("model.ymmsl", "macro.state_out: micro.init", "macro.state_out: [micro.init")
    assert_rejected(
        workspace.start_all(), "model.ymmsl, line 21, column 18: this is not valid YAML", "bracket"
    )


def test_unknown_key_is_rejected(workspace: Workspace):
    workspace.change("model.ymmsl", f'    args: ["{workspace.folder}/micro', '    arguments: ["x')
    assert_rejected(
        workspace.start_all(),
        "model.ymmsl, line 33: unknown key 'arguments' in 'programs.micro'. Did you mean 'args'?",
    )


def test_duplicate_key_causes_a_warning_before_its_consequence(workspace: Workspace):
    workspace.change("model.ymmsl", "      micro:\n        desc", "      macro:\n        desc")
    assert_rejected(
        workspace.start_all(),
        "Warning: model.ymmsl, line 13: duplicate key 'models.pair.components.macro'",
        "component 'micro' does not exist",
    )


def test_two_root_models_are_rejected(workspace: Workspace):
    second = """
  other:
    description: Another model
    components:
      lonely:
        description: Goes through time
        ports: {}
        implementation: macro
settings:
"""
    workspace.change("model.ymmsl", "\nsettings:\n", second)
    outcome = workspace.start_all()
    assert_rejected(
        outcome, "There are 2 models that could be run: pair, other. Select one with '-m MODEL'"
    )


def test_model_option_chooses_one_of_two_root_models(workspace: Workspace):
    test_two_root_models_are_rejected(workspace)
    assert workspace.start_all("-m", "pair").exit_code == COMPLETED


def test_unknown_model_is_rejected(workspace: Workspace):
    outcome = workspace.start_all("-m", "pear")
    assert_rejected(outcome, "Model 'pear' does not exist. Did you mean 'pair'?")


def test_unknown_implementation_is_rejected(workspace: Workspace):
    workspace.change("model.ymmsl", "implementation: micro", "implementation: mikro")
    assert_rejected(
        workspace.start_all(),
        ": in model 'pair': component 'micro' has implementation 'mikro'",
        "Did you mean 'micro'",
    )


def test_missing_executable_is_rejected(workspace: Workspace):
    replace_program(workspace, f"executable: {workspace.folder}/mikro")
    outcome = workspace.start_all()
    assert_rejected(
        outcome,
        f"Program 'micro': executable '{workspace.folder}/mikro' does not exist.",
        "Correct",
    )


def test_command_that_is_not_on_the_path_is_rejected(workspace: Workspace):
    replace_program(workspace, "executable: no_such_command_anywhere")
    assert_rejected(
        workspace.start_all(),
        "Program 'micro': command 'no_such_command_anywhere' is not on the PATH."
        " Write its absolute path.",
    )


def test_file_that_is_not_executable_is_rejected(workspace: Workspace):
    path = workspace.folder / "micro.py"
    replace_program(workspace, f"executable: {path}")
    outcome = workspace.start_all()
    assert_rejected(outcome, f"Program 'micro': '{path}' is not executable. Run: chmod +x '{path}'")


def test_missing_configuration_file_is_rejected(workspace: Workspace):
    outcome = workspace.manager("--start-all", "modell.ymmsl")
    assert_rejected(outcome, "modell.ymmsl: file not found. Did you mean 'model.ymmsl'?")


def test_unknown_log_level_is_rejected(workspace: Workspace):
    outcome = workspace.start_all("--log-level", "loud")
    assert_rejected(outcome, "Log level 'loud' does not exist. Use one of DEBUG, INFO,")


def test_unknown_option_is_rejected(workspace: Workspace):
    assert_rejected(workspace.manager("--strat-all", "model.ymmsl"), "--strat-all", "usage:")


def test_abbreviated_option_is_rejected_with_a_suggestion(workspace: Workspace):
    suggestion = "unrecognized arguments: --start-al. Did you mean '--start-all'"
    assert_rejected(workspace.manager("--start-al", "model.ymmsl"), suggestion)
    assert_rejected(workspace.conjoin("run", "--start-al", "model.ymmsl"), suggestion)


def test_trusting_the_network_and_requiring_the_secret_exclude_each_other(workspace: Workspace):
    outcome = workspace.manager("--require-secret", "--trust-network", "model.ymmsl")
    assert_rejected(outcome, "--require-secret and --trust-network exclude each other")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--run-dir", "nowhere"), "The run directory 'nowhere' does not exist"),
        (("--run-dir", "used"), "holds the output of an earlier run"),
        (("--location-file", "nowhere/at/all"), "'nowhere/at/all' cannot be written"),
        (("--log-level", "loud"), "Log level 'loud' does not exist"),
        (("--stop-at", "2020-01-01T00:00"), "No time is left for this run"),
        (("--grace-time", "-1"), "-1 is less than 0"),
    ],
)
def test_dry_run_rejects_invalid_options(workspace: Workspace, options: tuple[str, str], text: str):
    (workspace.folder / "used" / "instances" / "macro").mkdir(parents=True)
    outcome = workspace.manager("--start-all", "--dry-run", *options, "model.ymmsl")
    assert_rejected(outcome, text)


def test_dry_run_writes_no_files(workspace: Workspace):
    options = ("--run-dir", "run", "--location-file", "location")
    assert workspace.manager("--start-all", "--dry-run", *options, "model.ymmsl").exit_code == 0
    assert not list(workspace.run_dir.iterdir())
    assert not (workspace.folder / "location").exists()


@pytest.mark.parametrize("place", ["nowhere", "model.ymmsl", "model.ymmsl/run"])
def test_missing_run_directory_is_rejected(workspace: Workspace, place: str):
    outcome = workspace.manager("--start-all", "--run-dir", place, "model.ymmsl")
    assert_rejected(outcome, f"The run directory '{place}' does not exist", "Create it first")


def test_read_only_run_directory_is_rejected(workspace: Workspace, read_only: Path):
    outcome = workspace.manager("--start-all", "--run-dir", read_only, "model.ymmsl")
    assert_rejected(outcome, f"The run directory is not usable: '{read_only}", "Read-only")


def test_used_run_directory_is_rejected(workspace: Workspace):
    assert workspace.start_all().exit_code == COMPLETED
    outcome = workspace.start_all()
    assert_rejected(outcome, "The run directory 'run' holds the output of an earlier run.")


def test_location_file_that_cannot_be_written_is_rejected(workspace: Workspace):
    outcome = workspace.start_all("--location-file", "nowhere/location.txt")
    assert_rejected(outcome, "The location file 'nowhere/location.txt' cannot be written: No such")


def test_manager_uses_another_port_if_9000_is_taken(workspace: Workspace):
    with closing(taken_port(9000)):
        outcome = workspace.start_all("--location-file", "location.txt")
    assert outcome.exit_code == COMPLETED, outcome.text
    location = (workspace.folder / "location.txt").read_text()
    assert re.fullmatch(r"tcp:127\.0\.0\.1:\d+", location)
    assert not location.endswith(":9000")


# In the programs ----------------------------------------------------------------------------------


def test_port_missing_in_the_program_fails_the_run(workspace: Workspace):
    workspace.change("macro.py", '["state_out"]', '["state_aut"]')
    outcome = workspace.start_all()
    assert "muscle_manager (warning)" not in outcome.stdout  # the program reports it already
    assert_failed(
        outcome,
        "macro",
        "exited with code 1",
        "Conduit 'macro.state_out -> micro.init' is connected to port 'state_out' of 'macro', which"
        " the program does not have. It has: state_aut, state_in. Did you mean 'state_aut' or"
        " 'state_in'? Correct the conduit in the yMMSL file, or the ports in the program.",
        f"{workspace.folder}/macro.py:3: ",
    )


def test_receiving_on_an_unknown_port_fails_the_run(workspace: Workspace):
    workspace.change("macro.py", 'receive("state_in")', 'receive("state")')
    assert_failed(
        workspace.start_all(),
        "macro",
        "'macro' has no port 'state'. It has 'state_out', 'state_in'. Did you mean"
        " 'state_in' or 'state_out'?",
        f"{workspace.folder}/macro.py:7: ",
    )


def test_querying_an_unknown_port_fails_the_run(workspace: Workspace):
    workspace.change("macro.py", "while", 'instance.is_connected("stat_in")\nwhile')
    assert_failed(
        workspace.start_all(),
        "macro",
        "'macro' has no port 'stat_in'. It has 'state_out', 'state_in'. Did you mean 'state_in'",
        f"{workspace.folder}/macro.py:4: ",
    )


def test_port_with_the_wrong_operator_fails_the_run(workspace: Workspace):
    workspace.change("micro.py", 'Operator.O_F: ["final"]', 'Operator.O_I: ["final"]')
    assert_failed(
        workspace.start_all(),
        "micro",
        "Port 'final' of 'micro' has operator O_I in the program, but O_F in the configuration."
        " Correct one of them.",
    )


def test_sending_on_a_receiving_port_fails_the_run(workspace: Workspace):
    workspace.change("macro.py", 'send("state_out"', 'send("state_in"')
    assert_failed(
        workspace.start_all(),
        "macro",
        "Tried to send on port 'state_in', which has operator S and can only receive.",
    )


def test_missing_setting_fails_the_run(workspace: Workspace):
    workspace.change("model.ymmsl", "  micro.k: 0.5\n", "")
    assert_failed(
        workspace.start_all(),
        "micro",
        "Setting 'k' is not set, and the model gave no default for it. Add it to the settings in"
        " the yMMSL file, under one of: micro.k, k.",
        f"{workspace.folder}/micro.py:5: ",
    )


def test_setting_of_the_wrong_type_fails_the_run(workspace: Workspace):
    workspace.change("model.ymmsl", "micro.k: 0.5", "micro.k: half")
    assert_failed(
        workspace.start_all(),
        "micro",
        "Setting 'k' has value 'half', which is a str, but the model requested a value of type"
        " float. Change the value in the yMMSL file, or change the type in the model.",
    )


def test_receiving_on_a_disconnected_port_without_a_default_fails_the_run(workspace: Workspace):
    workspace.change("micro.py", '["init"]', '["init", "extra"]')
    workspace.change("micro.py", 'receive("init")', 'receive("extra")')
    assert_failed(
        workspace.start_all(),
        "micro",
        "Tried to receive on port 'extra', which is not connected, and no default was given."
        " Connect it in the yMMSL file, or pass default=Message(...).",
    )


def test_sending_twice_on_an_o_f_port_fails_the_run(workspace: Workspace):
    once = 'instance.send("final", Message(message.timestamp, None, message.data + k))'
    workspace.change("micro.py", f"    {once}", f"    {once}\n    {once}")
    assert_failed(
        workspace.start_all(),
        "micro",
        "Not allowed to do a send on O_F port 'final' yet: was expecting one of the following"
        " instead:",
        "- A call of reuse_instance()",
        f"{workspace.folder}/micro.py:8: ",
    )


def test_duplicate_instance_name_fails_the_run(workspace: Workspace):
    # The instance that registers second is rejected.
    workspace.change("model.ymmsl", 'micro.py"]', 'macro.py", --muscle-instance=macro]')
    outcome = workspace.start_all()
    assert outcome.exit_code == FAILED
    assert (
        "An instance with name macro was already registered. Did you start a non-MPI component"
        " using mpirun? Or were two programs given this name" in outcome.stdout
    )
    assert_no_leftovers(outcome)


def test_program_that_never_creates_an_instance_fails_the_run(workspace: Workspace):
    workspace.write("micro.py", "print('All done.')\n")
    outcome = workspace.start_all()
    assert_failed(
        outcome,
        "micro",
        "it exited with code 0; it never registered: does the program create an Instance?",
    )
    assert "macro failed" not in outcome.stdout, "it only waited for a peer, and was stopped"


def test_exception_in_a_component_is_reported(workspace: Workspace):
    break_micro(workspace, "raise ArithmeticError('The matrix is singular.')")
    assert_failed(
        workspace.start_all(),
        "micro",
        "it exited with code 1.",
        f"{workspace.folder}/micro.py:7: ",
        "ArithmeticError: The matrix is singular.",
    )


def test_signal_that_killed_a_component_is_reported(workspace: Workspace):
    break_micro(workspace, "import os; os.kill(os.getpid(), 9)")
    assert_failed(
        workspace.start_all(),
        "micro",
        "it was killed by signal 9 (SIGKILL); Conjoin did not send that signal, but the system"
        " sends it when memory runs out.",
    )


def test_early_exit_with_code_0_fails_the_run(workspace: Workspace):
    break_micro(workspace, "raise SystemExit(0)")
    assert_failed(
        workspace.start_all(),
        "micro",
        "it exited with code 0; its reuse loop was not over: the model must call reuse_instance()"
        " until it returns False.",
    )


def test_program_started_by_hand_without_an_instance_name_fails(workspace: Workspace):
    with workspace.running(sys.executable, "micro.py") as program:
        outcome = program.finish()
    assert outcome.exit_code == 1
    assert "This program does not know which instance of the model it is." in outcome.stderr
    assert "pass --muscle-instance=<name> or set MUSCLE_INSTANCE" in outcome.stderr
    assert_short_traceback(outcome.stderr)


# Assertions ---------------------------------------------------------------------------------------


def assert_rejected(outcome: Outcome, *parts: str) -> None:
    """Assert that nothing was started, and that the reason is shown without a stack trace."""
    assert outcome.exit_code == MISTAKE, outcome.text
    for part in parts:
        assert part in outcome.stderr, outcome.text
    assert "Traceback" not in outcome.text
    assert_no_leftovers(outcome)


def test_instance_in_a_forked_process_is_rejected_and_the_run_goes_on(workspace: Workspace):
    workspace.change("macro.py", '        instance.receive("state_in")', _RECEIVE_IN_A_CHILD)
    outcome = workspace.start_all()
    assert outcome.exit_code == COMPLETED, outcome.text
    assert "'macro' is used in process" in workspace.stderr_of("macro")


_RECEIVE_IN_A_CHILD = """\
        import os, traceback
        if step == 0 and os.fork() == 0:
            try:
                instance.receive("state_in")
            except RuntimeError:
                pass
            except Exception:
                traceback.print_exc()
            os._exit(0)
        instance.receive("state_in")"""


def assert_failed(outcome: Outcome, instance: str, *parts: str) -> None:
    """Assert that the run failed, and that the instance, the reason and its directory are shown."""
    assert outcome.exit_code == FAILED, outcome.text
    cause = outcome.stdout.partition("the simulation failed: ")[2]
    assert cause.startswith(f"Instance '{instance}' failed: it "), outcome.text
    for part in parts:
        assert part in cause, outcome.text
    assert f"/run/instances/{instance}\n" in cause
    assert outcome.stderr == ""
    assert_short_traceback(cause)
    assert_no_leftovers(outcome)


def assert_short_traceback(text: str) -> None:
    """Assert that a stack trace shows the user's lines, and none of ours."""
    assert not OUR_FRAME.findall(text), text


def assert_no_leftovers(outcome: Outcome) -> None:
    """Assert that no process and no temporary file is left behind."""
    assert not outcome.left_behind


# Ways to break things -----------------------------------------------------------------------------


def replace_program(workspace: Workspace, line: str) -> None:
    old = THEIR_PROGRAM.format(python=sys.executable, folder=workspace.folder)
    workspace.change("model.ymmsl", old, line)


def break_micro(workspace: Workspace, line: str) -> None:
    workspace.change("micro.py", "    instance.send", f"    {line}\n    instance.send")


def taken_port(number: int) -> socket.socket:
    """Take a port on all addresses, after waiting until no other test uses it."""
    taken: list[socket.socket] = []

    def take() -> bool:
        sock = socket.socket()
        # Otherwise, closed connections of the previous run would block the port for some time.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            sock.bind(("", number))
            sock.listen()
            taken.append(sock)
            return True
        # A socket that is bound but cannot listen cannot be used again.
        sock.close()
        return False

    with suppress(AssertionError):  # another program occupies it permanently
        wait_until(take)
    return taken[0] if taken else socket.socket()


@pytest.fixture
def read_only(workspace: Workspace) -> Iterator[Path]:
    """A directory that cannot be written to, not even by root."""
    path = workspace.folder / "read_only"
    path.mkdir()
    if os.geteuid() != 0:
        path.chmod(0o500)
        yield path
        path.chmod(0o700)
        return
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("root can write everywhere here, and may not mount anything")
    yield path
    subprocess.run(["umount", str(path)], check=True)
