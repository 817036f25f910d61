"""The command line: what its options do, and instances that are started by hand."""

import re
import shlex
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.by_hand import manual_manager, run_both_instances, start_instance
from tests.support.conditions import wait_until
from tests.support.scenario_runs import python_of
from tests.support.workspace import MANAGER, Outcome, RunningProgram, Workspace

COMPLETED, FAILED, MISTAKE = 0, 1, 2
OLD_MODEL = """\
ymmsl_version: v0.1
model:
  name: pair
  components:
    macro:
      implementation: macro
      ports:
        o_i: state_out
        s: state_in
    micro:
      implementation: micro
      ports:
        f_init: init
        o_f: final
  conduits:
    macro.state_out: micro.init
    micro.final: macro.state_in
settings:
  macro.steps: 2
  micro.k: 0.5
implementations:
  macro:
    executable: {python}
    args: ["{folder}/macro.py"]
  micro:
    executable: {python}
    args: ["{folder}/micro.py"]
"""
LONELY = """\
ymmsl_version: v0.2
models:
  alone:
    components:
      one:
        description: Goes through time
        ports: {{}}
        implementation: one
programs:
  one:
    executable: {python}
"""
REPOSITORY = Path(__file__).resolve().parents[2]
BY_HAND = "    execution_model: manual\n"


# Help and checks ----------------------------------------------------------------------------------


def test_version_option_prints_the_version(workspace: Workspace):
    for outcome in (workspace.conjoin("--version"), workspace.manager("--version")):
        assert outcome.exit_code == COMPLETED
        assert re.fullmatch(r"conjoin \d+\.\d+\.\d+\S*\n", outcome.stdout)


@pytest.mark.parametrize("command", [(), ("run",), ("check",)])
def test_help_option_prints_the_usage(workspace: Workspace, command: tuple[str, ...]):
    outcome = workspace.conjoin(*command, "--help")
    assert outcome.exit_code == COMPLETED
    assert outcome.stdout.startswith(" ".join(["usage: conjoin", *command]))
    assert all(
        re.search(rf"^\s+(-m MODEL, )?{option}\b.*(\n\s+\w|\s\w)", outcome.stdout, re.MULTILINE)
        for option in re.findall(r"--[\w-]+", outcome.stdout.partition("\n\n")[0])
        if not option.startswith("--no-")
    )


@pytest.mark.parametrize("command", [("run",), ("check",), ("snapshots", "list")])
def test_mistyped_option_prints_the_usage_of_the_command(
    workspace: Workspace, command: tuple[str, ...]
):
    outcome = workspace.conjoin(*command, "model.ymmsl", "--typo")
    assert outcome.exit_code == MISTAKE
    name = " ".join(["conjoin", *command])
    assert outcome.stderr.startswith(f"usage: {name} [")
    assert outcome.stderr.endswith(f"\n{name}: error: unrecognized arguments: --typo\n")


def test_file_instead_of_a_command_gets_a_hint_to_conjoin_run(workspace: Workspace):
    outcome = workspace.conjoin("model.ymmsl")
    assert outcome.exit_code == MISTAKE
    assert outcome.stderr.endswith("Did you mean this? conjoin run model.ymmsl\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("run", "--grace-time", "x"), "--grace-time: 'x' is not a number"),
        (("run", "--reconnect-time", "nan"), "--reconnect-time: 'nan' is not a number"),
        (("run", "--checkpoint-on-term", "x"), "--checkpoint-on-term: 'x' is not a number"),
        (("run", "--checkpoint-every-simulation", "inf"), "'inf' is not a number"),
        (("run", "--stop-at", "+x"), "--stop-at: 'x' is not a number"),
    ],
)
def test_invalid_number_of_an_option_is_rejected_with_the_option_name(
    workspace: Workspace, arguments: tuple[str, ...], complaint: str
):
    outcome = workspace.conjoin(*arguments, "model.ymmsl")
    assert outcome.exit_code == MISTAKE
    assert complaint in outcome.stderr


def test_all_log_levels_are_in_the_help(workspace: Workspace):
    text = " ".join(workspace.conjoin("run", "--help").stdout.split())
    assert "DEBUG, INFO, WARNING, ERROR, CRITICAL (default: INFO)" in text


@pytest.mark.parametrize("module", ["entrypoints.agent", "benchmarks"])
def test_modules_that_run_as_programs_have_a_help_option(workspace: Workspace, module: str):
    outcome = ran_module(workspace, module, "--help")
    assert outcome.exit_code == COMPLETED, outcome.text
    assert outcome.stdout.startswith(f"usage: python -m {module}")
    outcome = ran_module(workspace, module, "nonsense")
    assert outcome.exit_code == MISTAKE
    assert f"usage: python -m {module}" in outcome.stderr


def ran_module(workspace: Workspace, module: str, *arguments: str) -> Outcome:
    environment = {"PYTHONPATH": str(REPOSITORY)}
    command = (sys.executable, "-m", module, *arguments)
    with workspace.running(*command, environment=environment) as program:
        return program.finish()


def test_manager_module_has_all_options_of_conjoin_run(workspace: Workspace):
    ours = workspace.manager("--help").stdout
    for option in re.findall(r"--[\w-]+", workspace.conjoin("run", "--help").stdout):
        assert option in ours


@pytest.mark.parametrize("command", ["check", "dry-run"])
def test_check_starts_no_program(workspace: Workspace, command: str):
    before = sorted(workspace.folder.rglob("*.ymmsl"))
    if command == "check":
        outcome = workspace.conjoin("check", "model.ymmsl")
    else:
        outcome = workspace.manager("--dry-run", "--start-all", "model.ymmsl")
    assert outcome.exit_code == COMPLETED
    assert outcome.stdout == (
        "Model 'pair' can be run here: 2 instances of 2 components, 2 conduits.\n"
    )
    assert sorted(workspace.folder.rglob("*.ymmsl")) == before


def test_check_reports_several_mistakes_at_once(workspace: Workspace):
    text = (workspace.folder / "model.ymmsl").read_text()
    workspace.write("model.ymmsl", text.replace(sys.executable, "no_such_command"))
    outcome = workspace.conjoin("check", "model.ymmsl")
    assert outcome.exit_code == MISTAKE
    assert "- Program 'macro': command 'no_such_command'" in outcome.stderr
    assert "- Program 'micro': command 'no_such_command'" in outcome.stderr


# Configuration files ------------------------------------------------------------------------------


def test_configuration_is_read_from_standard_input(workspace: Workspace):
    text = (workspace.folder / "model.ymmsl").read_text()
    outcome = workspace.manager("--start-all", "--run-dir", "run", "-", stdin=text)
    assert outcome.exit_code == COMPLETED, outcome.text


def test_standard_input_given_twice_is_rejected(workspace: Workspace):
    text = (workspace.folder / "model.ymmsl").read_text()
    outcome = workspace.conjoin("check", "-", "-", stdin=text)
    assert outcome.exit_code == MISTAKE
    assert "Standard input ('-') is given more than once" in outcome.stderr


def test_count_of_one_is_printed_in_the_singular(workspace: Workspace):
    outcome = workspace.conjoin("check", "-", stdin=LONELY.format(python=sys.executable))
    assert outcome.stdout == (
        "Model 'alone' can be run here: 1 instance of 1 component, 0 conduits.\n"
    ), outcome.text


def test_error_message_names_standard_input_and_the_line(workspace: Workspace):
    outcome = workspace.conjoin("check", "-", stdin="ymmsl_version: v0.2\nmodel: [\n")
    assert outcome.exit_code == MISTAKE
    assert "standard input, line 3" in outcome.stderr


def test_later_files_override_earlier_ones(workspace: Workspace):
    workspace.write("more.ymmsl", "ymmsl_version: v0.2\nsettings:\n  macro.steps: 5\n")
    outcome = workspace.manager("--start-all", "--run-dir", "run", "model.ymmsl", "more.ymmsl")
    assert outcome.exit_code == COMPLETED, outcome.text
    assert "simulated time 4" in outcome.stdout
    assert "macro.steps: 5" in (workspace.run_dir / "configuration.ymmsl").read_text()


def test_file_of_version_0_1_is_run_without_warnings(workspace: Workspace):
    text = OLD_MODEL.format(python=sys.executable, folder=workspace.folder)
    workspace.write("model.ymmsl", text)
    outcome = workspace.start_all()
    assert outcome.exit_code == COMPLETED, outcome.text
    assert "Warning" not in outcome.text


def test_file_of_version_0_2_overrides_one_of_version_0_1(workspace: Workspace):
    text = OLD_MODEL.format(python=sys.executable, folder=workspace.folder)
    workspace.write("model.ymmsl", text)
    workspace.write("more.ymmsl", "ymmsl_version: v0.2\nsettings:\n  macro.steps: 5\n")
    outcome = workspace.manager("--start-all", "--run-dir", "run", "model.ymmsl", "more.ymmsl")
    assert outcome.exit_code == COMPLETED, outcome.text
    assert "simulated time 4" in outcome.stdout


@pytest.mark.parametrize("version", ["v0.1", "v0.2"])
def test_shell_variables_in_a_program_are_replaced(workspace: Workspace, version: str):
    if version == "v0.1":
        workspace.write("model.ymmsl", OLD_MODEL.format(python=sys.executable, folder="FOLDER"))
    text = (workspace.folder / "model.ymmsl").read_text().replace("FOLDER", str(workspace.folder))
    text = text.replace(sys.executable, "${THIS_PYTHON}").replace(str(workspace.folder), "$CODE")
    workspace.write("model.ymmsl", text.replace('["$CODE/micro.py"]', '["~/micro.py"]'))
    environment = {
        "THIS_PYTHON": sys.executable,
        "CODE": str(workspace.folder),
        "HOME": str(workspace.folder),
    }
    arguments = ("--start-all", "--run-dir", "run", "model.ymmsl")
    with workspace.running(*MANAGER, *arguments, environment=environment) as program:
        outcome = program.finish()
    assert outcome.exit_code == COMPLETED, outcome.text
    assert "Warning" not in outcome.text


def test_check_names_unset_shell_variables(workspace: Workspace):
    text = (workspace.folder / "model.ymmsl").read_text()
    text = text.replace(str(workspace.folder), "$NO_CODE").replace(
        sys.executable, "$NO_HOME/python"
    )
    workspace.write("model.ymmsl", text)
    outcome = workspace.conjoin("check", "model.ymmsl")
    assert outcome.exit_code == MISTAKE
    for field, name in (("args", "NO_CODE"), ("executable", "NO_HOME")):
        unset = f"Program 'micro': variable '{name}' in its '{field}' is not set here"
        assert f"Warning: {unset}" in outcome.stdout
    assert "written as '$NO_HOME/python', but 'NO_HOME' is not set." in outcome.stderr


def test_too_few_local_cores_cause_a_warning(workspace: Workspace):
    resources = "resources: {pair.micro: {threads: 9999}}\nprograms:"
    workspace.change("model.ymmsl", "programs:", resources)
    program = (workspace.folder / "micro.py").read_text()
    workspace.write("micro.py", f"import os\nprint(os.environ['OMP_NUM_THREADS'])\n{program}")
    outcome = workspace.start_all()
    assert outcome.exit_code == COMPLETED, outcome.text
    warning = re.search(
        r"Available: \S+ \(\d+ cores\)\. Component 'micro' requests .*", outcome.stdout
    )
    assert warning is not None
    assert warning[0].endswith("Component 'micro' requests 9999 threads on one node.")
    assert warning[0] in (workspace.run_dir / "muscle3_manager.log").read_text()
    output = workspace.run_dir / "instances" / "micro" / "stdout.txt"
    assert output.read_text() == "9999\n"


# Output and log -----------------------------------------------------------------------------------


def test_run_directory_is_created_by_default(workspace: Workspace):
    outcome = workspace.manager("--start-all", "model.ymmsl")
    (made,) = workspace.folder.glob("run_pair_*")
    assert re.fullmatch(r"run_pair_\d{8}_\d{6}", made.name)
    assert f"Output is in {made}\n" in outcome.stdout


def test_quiet_run_prints_only_its_result(workspace: Workspace):
    outcome = workspace.start_all("--quiet")
    expected = f"Simulation completed successfully.\nOutput is in {workspace.run_dir}\n"
    assert outcome.stdout == expected


def test_quiet_run_that_fails_prints_the_cause(workspace: Workspace):
    workspace.write("micro.py", "raise SystemExit(7)\n")
    outcome = workspace.start_all("--quiet")
    assert outcome.exit_code == FAILED
    assert outcome.stdout.startswith(
        "the simulation failed: Instance 'micro' failed: it exited with code 7."
    )


@pytest.mark.parametrize(("level", "is_logged"), [("info", True), ("WARNING", False)])
def test_log_level_option_applies_to_the_manager_log(
    workspace: Workspace, level: str, *, is_logged: bool
):
    assert workspace.start_all("--log-level", level).exit_code == COMPLETED
    log = (workspace.run_dir / "muscle3_manager.log").read_text()
    assert ("The simulation finished without error" in log) is is_logged


# Started by hand ----------------------------------------------------------------------------------


def test_instances_can_be_started_by_hand(workspace: Workspace):
    with manual_manager(workspace) as (manager, environment):
        assert "Waiting for these instances to be started by hand: macro, micro" in manager.text
        run_both_instances(workspace, environment)
        outcome = manager.finish()
    assert outcome.exit_code == COMPLETED, outcome.text
    assert "Simulation completed successfully." in outcome.stdout
    assert not outcome.left_behind


def test_files_may_omit_programs_that_are_started_by_hand(workspace: Workspace):
    text = (workspace.folder / "model.ymmsl").read_text()
    workspace.write("model.ymmsl", text.partition("programs:")[0])
    with manual_manager(workspace) as (manager, environment):
        run_both_instances(workspace, environment)
        assert manager.finish().exit_code == COMPLETED


def test_manual_program_is_not_started_by_the_manager(workspace: Workspace):
    make_micro_manual(workspace)
    with manual_manager(workspace, "--start-all") as (manager, environment):
        assert "Waiting for these instances to be started by hand: micro\n" in manager.text
        with start_instance(workspace, "micro", environment) as program:
            assert program.finish().exit_code == 0
        outcome = manager.finish()
    assert outcome.exit_code == COMPLETED, outcome.text
    assert not outcome.left_behind


def test_manager_listens_on_loopback_only_if_all_programs_are_local(workspace: Workspace):
    workspace.write("micro.py", "import time\ntime.sleep(600)\n")
    command = (*MANAGER, "--start-all", "--run-dir", "run", "model.ymmsl")
    with workspace.running(*command) as manager:
        manager.wait_for_process("micro.py")
        assert hosts_listened_on(manager) == {"127.0.0.1"}


@pytest.mark.parametrize("start", ["--start-all", "--no-start-all"])
def test_manager_listens_on_loopback_only_if_a_program_is_started_by_hand(
    workspace: Workspace, start: str
):
    make_micro_manual(workspace)
    with manual_manager(workspace, start) as (manager, _):
        assert hosts_listened_on(manager) == {"127.0.0.1"}
        assert "run it with --listen ADDRESS" in " ".join(manager.text.split())


def test_manager_listens_on_all_addresses_if_the_user_wants_it(workspace: Workspace):
    with manual_manager(workspace, "--listen", "all") as (manager, _):
        assert "0.0.0.0" in hosts_listened_on(manager)


def test_address_of_another_machine_cannot_be_listened_on(workspace: Workspace):
    outcome = workspace.manager("--listen", "192.0.2.1", "model.ymmsl")
    assert outcome.exit_code == MISTAKE
    assert "The manager cannot listen on 192.0.2.1" in outcome.text


def test_location_file_has_one_line_without_a_newline(workspace: Workspace):
    workspace.folder.joinpath("sub").mkdir()
    command = (*MANAGER, "--run-dir", "run", "--location-file", "sub/location", "model.ymmsl")
    with workspace.running(*command) as manager:
        manager.wait_for_output("CONJOIN_SECRET_FILE")
        location = (workspace.folder / "sub" / "location").read_text()
        assert re.fullmatch(r"tcp:\S+:\d+", location)
        run_both_instances(workspace, {"MUSCLE_MANAGER": location})
        assert manager.finish().exit_code == COMPLETED


def test_program_started_by_hand_reads_the_required_secret(workspace: Workspace):
    with manual_manager(workspace, "--require-secret") as (manager, environment):
        secret = Path(environment["CONJOIN_SECRET_FILE"])
        assert secret.stat().st_mode & 0o777 == 0o600
        run_both_instances(workspace, environment)
        assert manager.finish().exit_code == COMPLETED
    assert not secret.exists()


@pytest.mark.parametrize(
    "library",
    ["conjoin", pytest.param("muscle3", marks=[pytest.mark.slow, pytest.mark.muscle3])],
)
def test_program_without_the_required_secret_is_rejected(workspace: Workspace, library: str):
    if library == "muscle3":
        workspace.write("macro.py", "from libmuscle import Instance\nInstance()\n")
    with manual_manager(workspace, "--require-secret") as (manager, environment):
        del environment["CONJOIN_SECRET_FILE"]
        with start_instance(workspace, "macro", environment, python=python_of(library)):
            manager.wait_for_output("it does not know the secret of this run")
        manager.process.send_signal(signal.SIGINT)
        outcome = manager.finish()
    assert outcome.exit_code == FAILED
    log = (workspace.run_dir / "muscle3_manager.log").read_text()
    refusals = [line for line in log.splitlines() if "protocol error by a client" in line]
    assert len(refusals) == 1, "repeated refusals must be logged once"
    assert "MUSCLE3's programs cannot know it" in refusals[0]
    assert "CONJOIN_SECRET_FILE" in refusals[0]


def test_unknown_instance_name_is_rejected(workspace: Workspace):
    with manual_manager(workspace) as (manager, environment):
        wrong = {**environment, "MUSCLE_INSTANCE": "mikro"}
        with start_instance(workspace, "micro", wrong) as program:
            outcome = program.finish()
        manager.wait_for_output("There is no instance 'mikro' in model 'pair'")
    assert outcome.exit_code == 1
    assert "It has: macro, micro. Check the name given to the program" in outcome.stderr


@pytest.mark.slow
def test_instance_without_a_manager_reports_the_location_it_tried(workspace: Workspace):
    nowhere = {"MUSCLE_MANAGER": "tcp:localhost:9"}
    with start_instance(workspace, "micro", nowhere) as program:
        program.wait_for_output(
            "Instance 'micro': no manager answers at tcp:localhost:9. Compare MUSCLE_MANAGER with"
            " the location that the manager printed. The instance keeps trying for a minute."
        )
        wait_until(lambda: program.process.poll() is not None, timeout=90)
        outcome = program.finish()
    assert outcome.exit_code == 1
    assert "Connection refused" in outcome.stderr
    assert "set --muscle-manager or MUSCLE_MANAGER to change that" in outcome.stderr


def test_run_continues_after_the_reader_of_its_output_exits(workspace: Workspace):
    quoted = shlex.join([*MANAGER, "--start-all", "--run-dir", "run", "model.ymmsl"])
    command = f"{quoted} | head -n 0; echo ${{PIPESTATUS[0]}}"
    with workspace.running("bash", "-c", command) as program:
        outcome = program.finish()
    assert outcome.stdout == "0\n"
    assert outcome.stderr == ""
    assert (workspace.run_dir / "performance.sqlite").exists()


# Helpers ------------------------------------------------------------------------------------------


def make_micro_manual(workspace: Workspace) -> None:
    text = (workspace.folder / "model.ymmsl").read_text()
    head, _, _ = text.partition("  micro:\n    description: The micro model")
    workspace.write("model.ymmsl", f"{head}  micro:\n    description: The micro model\n{BY_HAND}")


def hosts_listened_on(program: RunningProgram) -> set[str]:
    connections = psutil.Process(program.process.pid).net_connections("tcp")
    return {item.laddr.ip for item in connections if item.status == psutil.CONN_LISTEN}
