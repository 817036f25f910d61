"""Translates ymmsl's objects to the domain's."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

from ymmsl import v0_2

from domain.coupling.ports import SETTINGS_IN, Operator, Port
from domain.coupling.settings import Settings
from domain.identity import Reference
from domain.model.checkpoint_rules import (
    CheckpointAtRule,
    CheckpointRangeRule,
    CheckpointRule,
    Checkpoints,
)
from domain.model.configuration import (
    BaseEnv,
    ExecutionModel,
    KeepsStateForNextUse,
    MpiCores,
    MpiNodes,
    Program,
    ResourceRequirements,
    Threads,
)
from domain.model.shell_words import literally


def reference(name: v0_2.Reference) -> Reference:
    """Return the domain's reference for a reference of ymmsl."""
    return Reference(str(name)) if len(name) else Reference(())


def ports(declared: v0_2.Ports) -> dict[str, Port]:
    """Return declared ports, except the settings port, which every component has."""
    return {
        str(name): Port(str(name), Operator[port.operator.name], str(port.timeline))
        for name, port in declared.items()
        if name != SETTINGS_IN
    }


def program(source: v0_2.Program, *, args_are_shell_text: bool) -> Program:
    """Return a program.

    Args:
        source: The program as an object of ymmsl.
        args_are_shell_text: Whether its arguments were written as a string instead of a list.
    """
    args = tuple(map(str, source.args or ()))
    return Program(
        name=reference(source.name),
        executable=None if source.executable is None else _word(source.executable),
        args=" ".join(args) if args_are_shell_text else tuple(map(_word, args)),
        env={str(name): str(value) for name, value in source.env.items()},
        modules=tuple(map(str, source.modules or ())),
        virtual_env=None if source.virtual_env is None else _word(source.virtual_env),
        base_env=BaseEnv[source.base_env.name],
        script=source.script,
        execution_model=ExecutionModel[source.execution_model.name],
        can_share_resources=source.can_share_resources,
        keeps_state_for_next_use=KeepsStateForNextUse[source.keeps_state_for_next_use.name],
        ports=ports(source.ports),
    )


def _word(written: object) -> str:
    """Return a word of a command; a path that exists as written is taken literally.

    Names of directories may contain dollar signs that do not start a variable.
    """
    text = str(written)
    if not text.startswith("/") or "$" not in text:
        return text
    end = len(text)
    while end and not os.path.exists(text[:end]):  # noqa: PTH110 - a Path may raise
        end = text.rfind("/", 0, end)
    return literally(text[:end]) + text[end:]


def settings(source: v0_2.Settings) -> Settings:
    """Return settings."""
    return Settings({str(name): value for name, value in source.items()})


def requirements(source: v0_2.ResourceRequirements) -> ResourceRequirements:
    """Return the resource requirements of a component.

    Raises:
        TypeError: If ymmsl returns a kind of requirements that is not supported here.
    """
    if isinstance(source, v0_2.MPICoresResReq):
        return MpiCores(source.mpi_processes, source.threads_per_mpi_process)
    if isinstance(source, v0_2.MPINodesResReq):
        return MpiNodes(source.nodes, source.mpi_processes_per_node, source.threads_per_mpi_process)
    if isinstance(source, v0_2.ThreadedResReq):
        return Threads(source.threads)
    raise TypeError(f"unsupported kind of resources: {type(source).__name__}")


def checkpoints(source: v0_2.Checkpoints) -> Checkpoints:
    """Return when to make snapshots."""
    return Checkpoints(source.at_end, _rules(source.wallclock_time), _rules(source.simulation_time))


def resume(source: Mapping[v0_2.Reference, object]) -> dict[Reference, str]:
    """Return from which snapshots to resume."""
    return {reference(name): _location(str(path)) for name, path in source.items()}


# ymmsl reads a URL as a path, which drops its second slash.
_URL_AS_PATH = re.compile(r"([a-z][\w+.-]*:)/(?=[^/])", re.IGNORECASE)


def _location(path: str) -> str:
    return _URL_AS_PATH.sub(r"\1//", path, count=1) if _URL_AS_PATH.match(path) else path


def _rules(source: Iterable[v0_2.CheckpointRule]) -> tuple[CheckpointRule, ...]:
    return tuple(map(rule, source))


def rule(source: v0_2.CheckpointRule) -> CheckpointRule:
    """Return a rule.

    Raises:
        ValueError: If the rule is invalid.
    """
    if isinstance(source, v0_2.CheckpointAtRule):
        return CheckpointAtRule(tuple(map(float, source.at)))
    assert isinstance(source, v0_2.CheckpointRangeRule)
    return CheckpointRangeRule(
        float(source.every), _float_or_none(source.start), _float_or_none(source.stop)
    )


def _float_or_none(value: float | None) -> float | None:
    return None if value is None else float(value)
