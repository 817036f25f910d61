"""Determines which node of a batch job an agent runs on, and the environment of its programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from domain.errors import ConfigurationError
from domain.placement.batch_jobs import JobNode, find_node
from domain.running.agents import JobOrders


def own_node(
    job: JobOrders, *, environment: Mapping[str, str], host_names: Callable[[], Sequence[str]]
) -> JobNode:
    """Return the node of a job that an agent runs on.

    Args:
        job: The orders for the agents of the job.
        environment: The environment variables of the agent.
        host_names: Returns the names of its machine, which may be slow.

    Raises:
        ConfigurationError: If it cannot be determined.
    """
    stated = environment.get(job.name_variable) if job.name_variable else None
    names = [stated] if stated else [*host_names()]
    node = find_node(job.nodes, names)
    if node is None:
        msg = (
            f"an agent runs on a machine with the name {' or '.join(names)}, but the nodes of the"
            f" job are {', '.join(node.name for node in job.nodes)}"
        )
        raise ConfigurationError(msg)
    return node


def program_environment(job: JobOrders, *, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for an agent of a job and its programs.

    Args:
        job: The orders for the agents of the job.
        environment: The environment variables that the agent was started with.
    """
    kept = {name: environment[name] for name in job.kept_variables if name in environment}
    return {
        **{name: text for name, text in job.environment.items() if name not in job.kept_variables},
        **kept,
    }
