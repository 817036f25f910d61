"""Runs on hosts that are reached over SSH, as users see them."""

import re
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.conditions import wait_until
from tests.support.nodes import Node, Nodes
from tests.support.object_store import running_object_store
from tests.support.pages import save_files
from tests.support.workspace import CONJOIN, Outcome, RunningProgram, Workspace

WHERE = "\nimport socket\nprint('runs on', socket.gethostname())\n"

TWO_SLEEPERS = """\
ymmsl_version: v0.2
description: Two components that do nothing, on a core each
models:
  sleepers:
    description: Two components that do nothing
    components:
      left:
        description: Does nothing
        ports: {{}}
        implementation: sleeper
      right:
        description: Does nothing
        ports: {{}}
        implementation: sleeper
programs:
  sleeper:
    description: Does nothing
    executable: {python}
    args: ["{folder}/sleeper.py"]
"""

SLEEPER = """\
import subprocess, sys, time
from conjoin import Instance

instance = Instance({})
while instance.reuse_instance():
    command = [sys.executable, "-c", "import time; time.sleep(1000)"]
    subprocess.Popen(command, start_new_session=True)
    print("ready", flush=True)
    time.sleep(1000)
"""


@pytest.fixture
def environment(nodes: Nodes, tmp_path: Path) -> dict[str, str]:
    """The environment of a user whose SSH configuration has the names of the nodes."""
    home = tmp_path / "home"
    nodes.write_ssh_config(home)
    return {"HOME": str(home), "SSH_AUTH_SOCK": ""}


def run_on(
    workspace: Workspace, hosts: object, environment: dict[str, str], *options: object
) -> Outcome:
    """Run the model to its end."""
    common = ("--start-all", "--run-dir", "run", "--hosts", hosts)
    return workspace.conjoin("run", *common, *options, "model.ymmsl", environment=environment)


def test_instances_run_on_the_named_hosts(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str]
):
    for name in ("macro.py", "micro.py"):
        workspace.write(name, (workspace.folder / name).read_text() + WHERE)
    outcome = run_on(workspace, "node1,node2", environment)
    assert outcome.exit_code == 0, outcome.text
    assert outcome.left_behind == ()
    places = [
        (workspace.run_dir / "instances" / name / "stdout.txt").read_text().split()[-1]
        for name in ("macro", "micro")
    ]
    assert set(places) <= {"node1", "node2"}
    log = (workspace.run_dir / "muscle3_manager.log").read_text()
    for node in ("node1", "node2"):
        assert re.search(rf"agent shut down node='{node}' instances=0 load=\S+ memory_used=\d", log)
    wait_until_gone(nodes)


def test_run_through_tunnels_completes(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str]
):
    hosts = workspace.write("hosts.toml", 'hosts = ["node1", "node2"]\ntunnel = true\ncores = 1\n')
    # then the manager listens on the loopback interface only, where no node reaches it otherwise
    outcome = run_on(workspace, hosts, environment)
    assert outcome.exit_code == 0, outcome.text


@pytest.mark.muscle3
def test_programs_with_muscle3s_library_run_on_hosts_if_the_network_is_trusted(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str]
):
    workspace.use_muscle3()
    outcome = run_on(workspace, "node1,node2", environment, "--trust-network")
    assert outcome.exit_code == 0, outcome.text


def test_failed_host_ends_the_run_with_its_name_before_programs_start(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str]
):
    outcome = run_on(workspace, "node1,root@node2:23", environment)
    assert outcome.exit_code == 1
    assert "Host 'node2'" in outcome.stderr
    assert "port 23" in outcome.stderr
    assert not list(workspace.run_dir.glob("instances/*/stdout.txt"))
    wait_until_gone(nodes)


def test_misspelt_key_in_a_hosts_file_is_a_mistake_of_the_user(
    workspace: Workspace, environment: dict[str, str]
):
    hosts = workspace.write("hosts.toml", 'hosts = ["node1"]\ncoers = 4\n')
    outcome = run_on(workspace, hosts, environment)
    assert outcome.exit_code == 2
    assert "the key 'coers' does not exist. Did you mean 'cores'?" in outcome.stderr


@contextmanager
def sleepers(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str], *options: object
) -> Iterator[RunningProgram]:
    """Run a program on each of the first two nodes, until the caller causes the end."""
    text = TWO_SLEEPERS.format(python=sys.executable, folder=workspace.folder)
    workspace.write("sleepers.ymmsl", text)
    workspace.write("sleeper.py", SLEEPER)
    hosts = workspace.write("hosts.toml", 'hosts = ["node1", "node2"]\ncores = 1\n')
    common = ("--start-all", "--run-dir", "run", "--grace-time", 3, "--hosts", hosts)
    command = (*CONJOIN, "run", *common, *options, "sleepers.ymmsl")
    with workspace.running(*command, environment=environment) as program:
        outputs = [workspace.run_dir / "instances" / name / "stdout.txt" for name in SIDES]
        wait_until(
            lambda: (
                program.process.poll() is not None
                or all(path.exists() and path.read_text() == "ready\n" for path in outputs)
            )
        )
        assert program.process.poll() is None, program.text
        assert all(node.processes("sleeper.py") for node in nodes.nodes[:2])
        yield program


SIDES = ("left", "right")


def wait_until_gone(nodes: Nodes) -> None:
    """Wait until no process of the run is left on any node."""
    wait_until(lambda: not any(node.processes() for node in nodes))


def kill_agent(node: Node) -> None:
    node.wait_for_process("-m entrypoints.agent").kill()


def kill_watchdog_and_agent(node: Node) -> None:
    watchdog = node.wait_for_process("conjoin-watchdog")
    watchdog.suspend()  # so that it cannot end what the agent leaves
    kill_agent(node)
    watchdog.kill()


@pytest.mark.parametrize(
    ("kill", "cause"),
    [
        (kill_agent, "node 'node2' was lost: its agent"),
        (kill_watchdog_and_agent, "node 'node2' was lost: its agent"),
        (Node.end_ssh_sessions, "node 'node2' was lost: its agent"),
    ],
    ids=["agent", "watchdog and agent", "SSH session"],
)
def test_everything_ends_on_all_nodes_if_one_is_lost(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str], kill, cause: str
):
    with sleepers(workspace, nodes, environment) as program:
        kill(nodes[1])
        outcome = program.finish()
        assert outcome.exit_code == 1
        assert cause[1:] in outcome.text
        assert "right" in outcome.text
        wait_until_gone(nodes)


@pytest.mark.slow
def test_everything_ends_on_all_nodes_if_the_manager_is_killed(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str]
):
    with sleepers(workspace, nodes, environment) as program:
        program.process.kill()
        wait_until_gone(nodes)


@pytest.mark.slow
def test_everything_ends_on_all_nodes_if_a_program_fails(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str]
):
    with sleepers(workspace, nodes, environment) as program:
        nodes[0].wait_for_process("sleeper.py").kill()
        outcome = program.finish()
        assert outcome.exit_code == 1
        assert "left" in outcome.text
        wait_until_gone(nodes)


@pytest.mark.slow
def test_interrupted_run_ends_everything_on_all_nodes(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str]
):
    with sleepers(workspace, nodes, environment) as program:
        program.process.send_signal(signal.SIGINT)
        outcome = program.finish()
        assert outcome.exit_code == 1
        assert "stopped by Ctrl-C" in outcome.text
        wait_until_gone(nodes)


@pytest.mark.slow
def test_interruption_while_hosts_are_connected_stops_the_run(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str]
):
    nodes[1].pull_cable()  # the connection to this host waits for an answer
    common = ("--start-all", "--run-dir", "run", "--hosts", "node1,node2", "model.ymmsl")
    with workspace.running(*CONJOIN, "run", *common, environment=environment) as program:
        nodes[0].wait_for_process("-m entrypoints.agent")
        program.process.send_signal(signal.SIGINT)
        outcome = program.finish()
    assert outcome.exit_code == 1
    assert "stopped by Ctrl-C" in outcome.text
    assert "started by hand" not in outcome.text
    wait_until_gone(nodes)


@pytest.mark.slow
@pytest.mark.parametrize("fail", [Node.pull_cable, Node.cut_power], ids=["cable", "power"])
def test_unreachable_node_fails_the_run_and_ends_its_programs(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str], fail
):
    with sleepers(workspace, nodes, environment, "--node-timeout", 10) as program:
        fail(nodes[1])
        outcome = program.finish()
        assert outcome.exit_code == 1
        assert "ode 'node2' was lost" in outcome.text
        # also on the node that no command can reach: its agent ends everything by itself
        wait_until(lambda: nodes[1].is_off or not nodes[1].processes())
        wait_until(lambda: not nodes[0].processes())


def check_hosts(workspace: Workspace, environment: dict[str, str], text: str) -> Outcome:
    hosts = workspace.write("hosts.toml", text)
    return workspace.conjoin("hosts", "check", hosts, environment=environment)


def test_check_of_good_hosts_prints_a_table(workspace: Workspace, environment: dict[str, str]):
    outcome = check_hosts(workspace, environment, 'hosts = ["node1"]')
    assert outcome.exit_code == 0, outcome.text
    header, row, *_ = [line.split() for line in outcome.stdout.splitlines()]
    assert header == ["host", "connection", "python", "conjoin", "clock", "directory", "manager"]
    assert row[:2] == ["node1", "ok"]
    assert row[4:] == ["ok", "shared", "ok"]
    assert outcome.left_behind == ()


def test_check_of_bad_hosts_describes_each_problem(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str]
):
    text = """
        [[hosts]]
        host = "node1"
        tunnel = true
        shared_directory = false
        [[hosts]]
        host = "node2"
        python = "/usr/bin/python3"
        [[hosts]]
        host = "node3:23"
        [[hosts]]
        host = "node4"
        python = "/no/python"
    """
    outcome = check_hosts(workspace, environment, text)
    assert outcome.exit_code == 1
    assert "not shared  by tunnel" in outcome.stdout
    for part in (
        "Host 'node2': '/usr/bin/python3' has no Conjoin",
        f"Host 'node3': (root@{nodes[2].address}:23) port 23 of",
        "Host 'node4': '/no/python' exited with code 12",
    ):
        assert part in outcome.stdout, outcome.text


PRIVATE = Path("/tmp/local")
"""A directory with other files on each node."""


@pytest.fixture
def private_run_directory(tmp_path: Path) -> Iterator[Path]:
    """A run directory that the nodes do not see."""
    folder = PRIVATE / tmp_path.name / "run"
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(folder.parent)


def run_without_shared_files(
    workspace: Workspace, run_directory: Path, environment: dict[str, str], *options: object
) -> Outcome:
    text = 'hosts = ["node1", "node2"]\ncores = 1\nshared_directory = false\n'
    hosts = workspace.write("hosts.toml", text)
    common = ("--start-all", "--run-dir", run_directory, "--hosts", hosts)
    return workspace.conjoin("run", *common, *options, "model.ymmsl", environment=environment)


def test_output_reaches_the_run_directory_without_shared_files(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str], private_run_directory: Path
):
    for name in ("macro.py", "micro.py"):
        text = "print('x' * 200_000)\nprint('problem', file=__import__('sys').stderr)\n"
        workspace.write(name, (workspace.folder / name).read_text() + WHERE + text)
    outcome = run_without_shared_files(workspace, private_run_directory, environment)
    assert outcome.exit_code == 0, outcome.text
    for name in ("macro", "micro"):
        folder = private_run_directory / "instances" / name
        where, output = (folder / "stdout.txt").read_text().splitlines()
        assert where.startswith("runs on node")
        assert output == "x" * 200_000
        assert (folder / "stderr.txt").read_text() == "problem\n"


@pytest.mark.slow
def test_error_output_of_a_failed_program_is_shown_without_shared_files(
    workspace: Workspace, environment: dict[str, str], private_run_directory: Path
):
    workspace.change(
        "micro.py", "    k = instance", "    raise RuntimeError('broken')\n    k = instance"
    )
    outcome = run_without_shared_files(workspace, private_run_directory, environment)
    assert outcome.exit_code == 1
    assert "RuntimeError: broken" in outcome.text


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_snapshots_in_an_object_store_resume_a_run_without_shared_files(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str], private_run_directory: Path
):
    save_files("checkpointing.md", workspace.folder)
    for name in ("macro.py", "micro.py"):
        workspace.write(name, (workspace.folder / name).read_text() + WHERE)
    resumed = private_run_directory.with_name("resumed")
    resumed.mkdir()
    store_options = ("--checkpoint-at-end", "--snapshot-store", "s3://bucket/mine")
    with running_object_store(workspace.folder, address=nodes.head) as store:
        variables = {**store.environment, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
        table = ", ".join(f"{name} = '{text}'" for name, text in variables.items())
        text = f"cores = 1\nshared_directory = false\nenvironment = {{ {table} }}\n"
        hosts = workspace.write("hosts.toml", f'hosts = ["node1", "node2"]\n{text}')
        for directory, options in [
            (private_run_directory, ()),
            (resumed, ("--resume", private_run_directory)),
        ]:
            common = ("--start-all", "--run-dir", directory, "--hosts", hosts, *store_options)
            outcome = workspace.conjoin(
                "run", *common, *options, "model.ymmsl",
                environment={**environment, **store.environment},
            )  # fmt: skip
            assert outcome.exit_code == 0, outcome.text
        names = store.names("bucket")
    assert {name.partition("_")[0] for name in names} == {"mine/run", "mine/resumed"}
    for directory in (private_run_directory, resumed):
        outputs = [path.read_text() for path in directory.glob("instances/*/stdout.txt")]
        assert {text.split()[-1] for text in outputs} <= {"node1", "node2"}
    assert not list(private_run_directory.glob("instances/*/snapshots/*"))


def test_snapshots_without_shared_files_are_refused_before_the_start(
    workspace: Workspace, nodes: Nodes, environment: dict[str, str], private_run_directory: Path
):
    outcome = run_without_shared_files(
        workspace, private_run_directory, environment, "--checkpoint-at-end"
    )
    assert outcome.exit_code == 2
    assert "--snapshot-store s3://" in outcome.stderr
    assert not list(private_run_directory.glob("instances/*"))
