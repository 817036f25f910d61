"""The sources of an agent's events: the manager and the processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from application.agent.events import AgentEvent, ManagerGone, ManagerHeard, ProcessesEnded
from application.interfaces.agent_line import AgentLine
from application.interfaces.agents import NodeInspector, ProcessKeeper
from domain.errors import CouplingError
from domain.placement.declared_cores import declared_cores
from domain.placement.resources import NodeResources
from domain.running.agents import ShutdownCommand


def listen_to_manager(
    line: AgentLine,
    inspector: NodeInspector,
    *,
    cores: int | None = None,
    version: str,
    on_event: Callable[[AgentEvent], None],
) -> None:
    """Report the node's resources, then pass on commands until there are no more.

    The load of the node is reported with each request for a command that follows a heartbeat.

    Args:
        line: The connection to the manager.
        inspector: Detects the resources and the load.
        cores: Number of cores to report; None for those that were detected.
        version: Version of this agent.
        on_event: Called with each event, on this thread.
    """
    try:
        line.report_resources(_resources(inspector, cores), version=version)
        on_event(ManagerHeard(None))
        command = None
        while True:
            # measured once per heartbeat, and not while one command follows another
            load = inspector.load() if command is None else None
            command = line.next_command(load)
            on_event(ManagerHeard(command))
            if isinstance(command, ShutdownCommand):
                return
    except CouplingError as error:
        on_event(ManagerGone(str(error)))
    except OSError as error:
        on_event(ManagerGone(f"the resources of this node could not be determined: {error}"))


def _resources(inspector: NodeInspector, cores: int | None) -> NodeResources:
    detected = inspector.resources()
    if cores is None:
        return detected
    return replace(detected, cores=declared_cores(detected.cores, cores))


def watch_processes(keeper: ProcessKeeper, *, on_event: Callable[[AgentEvent], None]) -> None:
    """Report processes that end, until the keeper is woken up."""
    while finished := keeper.wait_finished(timeout=None):
        on_event(ProcessesEnded(tuple(finished)))
