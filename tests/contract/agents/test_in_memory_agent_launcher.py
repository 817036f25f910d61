from adapters.in_memory.agent_launcher import InMemoryAgentLauncher
from application.interfaces.agents import AgentLauncher
from conjoin.testing import AgentLauncherContract


class TestInMemoryAgentLauncher(AgentLauncherContract):
    def make(self) -> AgentLauncher:
        return InMemoryAgentLauncher(["node1", "node2"])

    def let_die(self, launcher: AgentLauncher, node: str) -> None:
        assert isinstance(launcher, InMemoryAgentLauncher)
        launcher.lose(node, "the power went")
