"""Events that an agent receives from its manager and its processes."""

from pathlib import Path

import pytest

from adapters.in_memory.agent_line import InMemoryAgentLine
from adapters.in_memory.processes import InMemoryNodeInspector, InMemoryProcessKeeper, run_on
from application.agent.event_sources import listen_to_manager, watch_processes
from application.agent.events import AgentEvent, ManagerGone, ManagerHeard, ProcessesEnded
from domain.errors import ManagerRefused, TransportError
from domain.running.agents import CancelCommand, ShutdownCommand, StartCommand
from domain.running.nodes import NodeLoad
from domain.running.process_end import Exited, ProcessResult

CANCEL = ManagerHeard(CancelCommand())
SHUTDOWN = ManagerHeard(ShutdownCommand())
SIGN_OF_LIFE = ManagerHeard(None)


def listen(line: InMemoryAgentLine) -> list[AgentEvent]:
    events: list[AgentEvent] = []
    listen_to_manager(
        line, InMemoryNodeInspector("n", cores=2), version="1.2", on_event=events.append
    )
    return events


def test_resources_are_reported_first() -> None:
    line = InMemoryAgentLine()
    line.command(ShutdownCommand())
    listen(line)
    assert line.resources == InMemoryNodeInspector("n", cores=2).resources()
    assert line.version == "1.2"


def test_commands_are_passed_on_until_shutdown() -> None:
    line = InMemoryAgentLine()
    for command in (CancelCommand(), None, ShutdownCommand()):
        line.command(command)
    assert listen(line) == [SIGN_OF_LIFE, CANCEL, SIGN_OF_LIFE, SHUTDOWN]


def test_load_is_reported_after_each_heartbeat_but_not_after_commands() -> None:
    line, load = InMemoryAgentLine(), NodeLoad(0.5, 1000)
    for command in (CancelCommand(), None, ShutdownCommand()):
        line.command(command)
    inspector = InMemoryNodeInspector("n", load=load)
    listen_to_manager(line, inspector, version="1.2", on_event=lambda _: None)
    assert line.loads == [load, None, load]


@pytest.mark.parametrize("error", [TransportError("lost"), ManagerRefused("another version")])
def test_unreachable_manager_is_reported_as_lost(error: TransportError | ManagerRefused) -> None:
    line = InMemoryAgentLine()
    line.fail(error)
    assert listen(line) == [SIGN_OF_LIFE, ManagerGone(str(error))]


def test_process_ends_are_passed_on_until_wake_up() -> None:
    keeper = InMemoryProcessKeeper({"run": run_on})
    for name in "ab":
        keeper.start(StartCommand(name, Path(), ("run",), {}, Path(), Path()))
        keeper.finish(name, Exited(4))
    keeper.wake_up()
    events: list[AgentEvent] = []
    watch_processes(keeper, on_event=events.append)
    assert events == [ProcessesEnded(tuple(ProcessResult(name, Exited(4)) for name in "ab"))]


def test_failed_resource_detection_is_reported() -> None:
    class Unknown:
        def resources(self) -> None:
            raise PermissionError("/sys is not ours")

    events: list[AgentEvent] = []
    line = InMemoryAgentLine()
    listen_to_manager(line, Unknown(), version="1.2", on_event=events.append)  # type: ignore[arg-type]
    text = "the resources of this node could not be determined: /sys is not ours"
    assert events == [ManagerGone(text)]


def test_declared_number_of_cores_is_reported() -> None:
    line = InMemoryAgentLine()
    line.command(ShutdownCommand())
    inspector = InMemoryNodeInspector("n", cores=2)
    listen_to_manager(line, inspector, cores=5, version="1", on_event=lambda _event: None)
    assert line.resources is not None
    assert len(line.resources.cores) == 5
