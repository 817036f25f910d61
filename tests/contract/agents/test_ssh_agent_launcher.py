"""Tests of real agents on nodes that have SSH servers."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import paramiko
import psutil
import pytest

from adapters.ssh_agents.connections import SshConnections
from adapters.ssh_agents.hosts import SshHost
from adapters.ssh_agents.launcher import SshAgentLauncher
from adapters.ssh_agents.ssh_config import Route
from application.interfaces.agents import AgentLauncher
from conjoin.testing import RunningAgentsContract
from conjoin.testing.agent_bench import SECRET, AgentBench
from conjoin.testing.agent_launcher import ORDERS
from domain.errors import ConfigurationError, TransportError
from tests.support.conditions import PATIENCE, wait_until
from tests.support.nodes import Node, Nodes

AGENT = "-m entrypoints.agent"


def host_of(nodes: Nodes, number: int = 0, **changes: object) -> SshHost:
    node = nodes[number]
    host = SshHost(name=node.name, host=node.address, user="root", key_file=nodes.key)
    return replace(host, **changes)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def home(nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home directory, with the host keys of the nodes."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / ".ssh").mkdir(mode=0o700)
    shutil.copy(nodes.known_hosts, tmp_path / ".ssh" / "known_hosts")
    return tmp_path


class TestSshAgentLauncher(RunningAgentsContract):
    @pytest.fixture(autouse=True)
    def prepare(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.hosts = (nodes.head,)

    def make(self) -> AgentLauncher:
        return SshAgentLauncher([host_of(self.nodes, number) for number in range(2)])

    def let_die(self, launcher: AgentLauncher, node: str) -> None:
        (found,) = [item for item in self.nodes if item.name == node]
        found.wait_for_process(AGENT).kill()


class TestSshAgentLauncherWithTunnels(TestSshAgentLauncher):
    """The manager listens on loopback only, so the nodes reach it through tunnels only."""

    @pytest.fixture(autouse=True)
    def prepare(self, nodes: Nodes) -> None:
        self.nodes = nodes

    def make(self) -> AgentLauncher:
        return SshAgentLauncher([host_of(self.nodes, number, tunnel=True) for number in range(2)])


@contextmanager
def launched(*hosts: SshHost, **options: object) -> Iterator[SshAgentLauncher]:
    """Launch agents, and end them afterwards."""
    launcher = SshAgentLauncher(hosts, **options)  # type: ignore[arg-type]
    try:
        launcher.launch(ORDERS, on_lost=lambda *_: None)
        yield launcher
    finally:
        launcher.close()


def failure_of_launch(*hosts: SshHost, **options: object) -> str:
    """Launch agents in vain; return the error message."""
    with pytest.raises(TransportError) as caught, launched(*hosts, **options):
        pass
    return str(caught.value)


@contextmanager
def benched(
    nodes: Nodes, folder: Path, *hosts: SshHost, listens_on: str | None = None
) -> Iterator[AgentBench]:
    """Launch agents that report to a manager."""
    bench = AgentBench(SshAgentLauncher(hosts), folder, hosts=(listens_on or nodes.head,))
    try:
        bench.launch_and_wait()
        yield bench
    finally:
        bench.close()
        bench.launcher.close()


def test_all_hosts_are_reached_in_the_given_order(nodes: Nodes) -> None:
    launcher = SshAgentLauncher([host_of(nodes, number) for number in (2, 0, 3, 1)])
    names = launcher.launch(ORDERS, on_lost=lambda *_: None)
    assert list(names) == ["node3", "node1", "node4", "node2"]
    launcher.close()


def test_hosts_are_connected_in_parallel(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    barrier = threading.Barrier(4)
    connect = SshConnections.open

    def connect_together(connections: SshConnections, route: Route) -> paramiko.SSHClient:
        barrier.wait(PATIENCE)  # fails unless all four hosts are being connected
        return connect(connections, route)

    monkeypatch.setattr(SshConnections, "open", connect_together)
    with launched(*(host_of(nodes, number) for number in range(4))):
        pass


def test_host_that_is_down_is_named(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.ssh_agents.connections.CONNECT_TIME", 1.0)
    nodes[0].cut_power()
    wait_until(lambda: nodes[0].is_off)
    message = failure_of_launch(host_of(nodes))
    address = nodes[0].address
    assert message.startswith(f"Host 'node1' (root@{address}): port 22 of {address} ")
    assert "is the host down?" in message


def test_host_without_ssh_server_is_named(nodes: Nodes) -> None:
    message = failure_of_launch(host_of(nodes, port=23))
    assert f"port 23 of {nodes[0].address} refuses connections" in message


def test_host_name_that_does_not_exist_is_named(nodes: Nodes) -> None:
    message = failure_of_launch(host_of(nodes, host="no.such.host.invalid"))
    assert "the name no.such.host.invalid cannot be resolved" in message


def test_refused_key_is_reported_with_the_tried_keys_and_the_cure(
    nodes: Nodes, tmp_path: Path
) -> None:
    key = tmp_path / "other_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    message = failure_of_launch(host_of(nodes, key_file=key))
    assert f"refuses the login of the user root; tried: {key}" in message
    assert f"ssh-copy-id root@{nodes[0].address}" in message


def test_key_with_a_passphrase_is_reported_with_the_cure(nodes: Nodes, tmp_path: Path) -> None:
    key = tmp_path / "locked_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", key], check=True)
    assert f"ssh-add {key}" in failure_of_launch(host_of(nodes, key_file=key))


def test_missing_interpreter_is_reported_with_the_command_and_its_output(nodes: Nodes) -> None:
    message = failure_of_launch(host_of(nodes, python="/no/python"))
    assert "its agent (cd / && exec /no/python -m entrypoints.agent) exited with code 12" in message
    assert "/no/python: No such file" in message
    assert "set 'python' in a hosts file" in message


def test_interpreter_without_conjoin_is_reported_with_the_cure(nodes: Nodes) -> None:
    message = failure_of_launch(host_of(nodes, python="/usr/bin/python3"))
    assert "No module named" in message
    assert "Install Conjoin there" in message


def test_agent_of_another_version_is_reported_with_both_versions(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.wire.agent_orders.VERSION", "9.8.7")
    message = failure_of_launch(host_of(nodes))
    assert "the manager is version 9.8.7" in message
    assert "install the same version" in message


def test_all_failed_hosts_are_reported_and_the_other_agents_are_ended(nodes: Nodes) -> None:
    message = failure_of_launch(
        host_of(nodes, 0), host_of(nodes, 1, port=23), host_of(nodes, 2, python="/no/python")
    )
    assert [line.split("'")[1] for line in message.splitlines() if line.startswith("Host")] == [
        "node2",
        "node3",
    ]
    wait_until(lambda: nodes[0].processes() == [])


def test_unknown_host_key_is_refused_with_its_fingerprint(nodes: Nodes, home: Path) -> None:
    (home / ".ssh" / "known_hosts").unlink()
    fingerprint = subprocess.run(
        ["ssh-keygen", "-l", "-f", nodes[0].folder / "host_key.pub"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[1]
    message = failure_of_launch(host_of(nodes))
    assert "is unknown" in message
    assert fingerprint in message
    assert "--accept-new-host-keys" in message


def test_new_host_key_is_accepted_and_remembered_on_request(nodes: Nodes, home: Path) -> None:
    (home / ".ssh" / "known_hosts").unlink()
    with launched(host_of(nodes), accept_new_host_keys=True):
        pass
    with launched(host_of(nodes)):
        pass


@pytest.mark.parametrize("accept_new_host_keys", [False, True])
def test_changed_host_key_is_refused_with_both_fingerprints(
    nodes: Nodes, home: Path, accept_new_host_keys: bool
) -> None:
    known = home / ".ssh" / "known_hosts"
    keys = [node.folder.joinpath("host_key.pub").read_text().split()[1] for node in nodes]
    known.write_text(f"{nodes[0].address} ssh-ed25519 {keys[1]}\n")
    message = failure_of_launch(host_of(nodes), accept_new_host_keys=accept_new_host_keys)
    assert "has changed" in message
    assert message.count("SHA256:") == 2
    assert f"ssh-keygen -R '{nodes[0].address}'" in message


def test_lines_that_cannot_be_decoded_are_skipped_in_known_hosts(nodes: Nodes, home: Path) -> None:
    known = home / ".ssh" / "known_hosts"
    lines = ["@cert-authority *.org ssh-ed25519 AAAA", "a ssh-ed25519 A", "nonsense", "# comment"]
    known.write_text("\n".join([*lines, known.read_text()]))
    with launched(host_of(nodes)):
        pass


def test_hashed_host_name_in_known_hosts_is_found(nodes: Nodes, home: Path) -> None:
    known = home / ".ssh" / "known_hosts"
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", known], check=True, capture_output=True)
    assert nodes[0].address not in known.read_text()
    with launched(host_of(nodes)):
        pass


@pytest.mark.parametrize("is_known", [False, True])
def test_revoked_host_key_is_refused(nodes: Nodes, home: Path, is_known: bool) -> None:
    known = home / ".ssh" / "known_hosts"
    key = " ".join(nodes[0].folder.joinpath("host_key.pub").read_text().split()[:2])
    lines = [f"@revoked * {key}", *([f"{nodes[0].address} {key}"] if is_known else [])]
    known.write_text("\n".join([*lines, ""]))
    message = failure_of_launch(host_of(nodes), accept_new_host_keys=True)
    assert "has been revoked: ED25519 key SHA256:" in message


def test_host_is_reached_through_jump_hosts(nodes: Nodes, home: Path) -> None:
    nodes.write_ssh_config(home)
    with launched(host_of(nodes, jump_host="node2,node3")):
        pass


def test_jump_host_that_cannot_connect_is_named(nodes: Nodes, home: Path) -> None:
    nodes.write_ssh_config(home)
    message = failure_of_launch(host_of(nodes, jump_host="node2", port=23))
    assert f"the jump host root@{nodes[1].address} cannot connect to" in message


def test_jump_host_that_is_down_is_named_once_for_each_host(nodes: Nodes, home: Path) -> None:
    nodes.write_ssh_config(home)
    hosts = [host_of(nodes, number, jump_host="node2:23") for number in (0, 2)]
    message = failure_of_launch(*hosts)
    assert message.count("the jump host cannot be used: port 23") == 2


def test_key_in_the_ssh_agent_is_used(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sock = tmp_path / "agent"
    command = ["ssh-agent", "-D", "-a", str(sock)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as agent:
        wait_until(sock.exists)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(sock))
        subprocess.run(["ssh-add", "-q", nodes.key], check=True, stderr=subprocess.DEVNULL)
        with launched(host_of(nodes, key_file=None)):
            pass
        agent.terminate()


def test_hosts_of_the_ssh_configuration_are_used(nodes: Nodes, home: Path) -> None:
    nodes.write_ssh_config(home)
    with launched(SshHost(name="first", host="node1")):
        nodes[0].wait_for_process(AGENT)


def test_variables_of_a_host_reach_its_programs_and_no_command_line(
    nodes: Nodes, tmp_path: Path
) -> None:
    host = host_of(nodes, environment={"COLOUR": "dark blue"})
    with benched(nodes, tmp_path, host) as bench:
        out = tmp_path / "a.out"
        start = bench.manager.start
        command = ("node1", "a", tmp_path, ["/bin/sh", "-c", "echo $COLOUR; sleep 1000"])
        bench.do(lambda: start(*command, {}, out, tmp_path / "a.err", extend_env=True))
        wait_until(lambda: out.exists() and out.read_text() == "dark blue\n")
        lines = [" ".join(process.cmdline()) for process in nodes[0].processes()]
    assert not any("dark blue" in line for line in lines)


def test_declared_cores_are_reported(nodes: Nodes, tmp_path: Path) -> None:
    with benched(nodes, tmp_path, host_of(nodes, cores=7)) as bench:
        assert bench.resources is not None
        assert bench.resources.core_count == 7


def test_output_of_an_agent_is_kept_in_the_run_directory(nodes: Nodes, tmp_path: Path) -> None:
    with benched(nodes, tmp_path, host_of(nodes)):
        assert "ready" in (tmp_path / "agent_launch_node1.out").read_text()


def test_secret_is_in_no_file_of_the_run_directory(nodes: Nodes, tmp_path: Path) -> None:
    with benched(nodes, tmp_path, host_of(nodes)):
        pass
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(SECRET.encode() in path.read_bytes() for path in files)


def test_run_directory_outside_of_the_shared_directory_is_an_error(
    nodes: Nodes, tmp_path: Path
) -> None:
    launcher = SshAgentLauncher([host_of(nodes, shared_directory=Path("/shared"))])
    with pytest.raises(ConfigurationError, match="must be in /shared"):
        launcher.launch(replace(ORDERS, log_directory=tmp_path), on_lost=lambda *_: None)
    launcher.close()


def test_run_directory_that_a_host_does_not_have_is_named(nodes: Nodes) -> None:
    launcher = SshAgentLauncher([host_of(nodes)])
    private = Path("/tmp/local/run_of_a_test")  # each node has other files there
    private.mkdir(parents=True)
    try:
        with pytest.raises(TransportError, match=f"run directory {private} .* does not exist"):
            launcher.launch(replace(ORDERS, log_directory=private), on_lost=lambda *_: None)
    finally:
        shutil.rmtree(private)
        launcher.close()


def test_agents_of_a_manager_in_a_modules_directory_import_conjoin(
    nodes: Nodes, home: Path
) -> None:
    (home / "domain.py").write_text("raise SystemExit('the wrong module')")
    with launched(host_of(nodes)):
        pass


def test_tunnel_that_the_server_refuses_is_reported_with_the_option(
    nodes: Nodes, tmp_path: Path
) -> None:
    key = nodes.new_key(tmp_path, options="no-port-forwarding")
    message = failure_of_launch(host_of(nodes, key_file=key, tunnel=True))
    assert "refuses the tunnel" in message
    assert "AllowTcpForwarding" in message


def agents_on(node: Node) -> list[psutil.Process]:
    return node.processes(AGENT)


def test_agent_ends_when_its_ssh_session_is_killed(nodes: Nodes) -> None:
    lost: list[tuple[str, str]] = []
    launcher = SshAgentLauncher([host_of(nodes)])
    launcher.launch(ORDERS, on_lost=lambda *loss: lost.append(loss))
    nodes[0].end_ssh_sessions()
    wait_until(lambda: bool(lost))
    assert lost[0][0] == "node1"
    assert "lost its SSH connection" in lost[0][1]
    wait_until(lambda: agents_on(nodes[0]) == [])
    launcher.close()


def test_agents_end_when_the_manager_is_killed(nodes: Nodes, tmp_path: Path, home: Path) -> None:
    nodes.write_ssh_config(home)
    text = (
        "import sys\n"
        "from adapters.ssh_agents.hosts import parse_host_list\n"
        "from adapters.ssh_agents.launcher import SshAgentLauncher\n"
        "from conjoin.testing.agent_launcher import ORDERS\n"
        "SshAgentLauncher(parse_host_list('node1,node2')).launch(ORDERS, on_lost=print)\n"
        "print('launched', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as manager:
        assert manager.stdout is not None
        assert manager.stdout.readline() == b"launched\n"
        assert all(agents_on(node) for node in nodes.nodes[:2])
        manager.kill()
    wait_until(lambda: not any(agents_on(node) for node in nodes))
