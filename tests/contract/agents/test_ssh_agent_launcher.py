"""Tests of real agents on nodes that have SSH servers."""

from pathlib import Path

import psutil
import pytest

from adapters.ssh_agents.hosts import SshHost
from adapters.ssh_agents.launcher import SshAgentLauncher
from application.interfaces.agents import AgentLauncher
from conjoin.testing import RunningAgentsContract
from tests.support.nodes import Node, Nodes


def hosts_of(nodes: Nodes, count: int = 2) -> list[SshHost]:
    return [
        SshHost(name=node.name, host=node.address, user="root", key_file=nodes.key)
        for node in nodes.nodes[:count]
    ]


def agent_on(node: Node) -> psutil.Process:
    return node.wait_for_process("entrypoints.agent")


@pytest.fixture
def ssh_config(nodes: Nodes, tmp_path: Path) -> Path:
    return nodes.write_ssh_config(tmp_path)


@pytest.fixture(autouse=True)
def home(ssh_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


class TestSshAgentLauncher(RunningAgentsContract):
    hosts = ("0.0.0.0",)

    @pytest.fixture(autouse=True)
    def prepare(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.hosts = (nodes.head,)

    def make(self) -> AgentLauncher:
        return SshAgentLauncher(hosts_of(self.nodes))

    def let_die(self, launcher: AgentLauncher, node: str) -> None:
        (found,) = [item for item in self.nodes if item.name == node]
        agent_on(found).kill()
