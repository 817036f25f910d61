"""Flat models for tests, in a short notation."""

from domain.coupling.conduits import Conduit, ConduitFilter
from domain.coupling.ports import Operator, Port
from domain.identity import Reference
from domain.model.configuration import (
    Component,
    Configuration,
    ExecutionModel,
    Model,
    Program,
    ResourceRequirements,
)
from domain.placement.resources import Core, Gpu, GpuKind, NodeResources, Resources


def configuration(
    conduits: str = "",
    *,
    sizes: dict[str, tuple[int, ...]] | None = None,
    asked: dict[str, ResourceRequirements] | None = None,
    alone: tuple[str, ...] = (),
    manual: tuple[str, ...] = (),
    timelines: dict[str, str] | None = None,
) -> Configuration:
    """Return a configuration.

    Args:
        conduits: One per line, such as `macro o_i -> last micro f_init`; further lines name
            components without conduits.
        sizes: Multiplicities other than ().
        asked: Requested resources.
        alone: Components that may not share resources.
        manual: Components that the user starts.
        timelines: Timelines of the components for which they matter.
    """
    sizes, timelines = sizes or {}, timelines or {}
    joined, names = _conduits(conduits)
    ports = {item.name.lower(): Port(item.name.lower(), item) for item in Operator}
    components = {
        Reference(name): Component(
            Reference(name),
            ports,
            Reference(f"run_{name}"),
            sizes.get(name, ()),
            timelines.get(name, ""),
        )
        for name in names
    }
    programs = [
        Program(
            Reference(f"run_{name}"),
            executable="/bin/true",
            can_share_resources=name not in alone,
            execution_model=ExecutionModel.MANUAL if name in manual else ExecutionModel.DIRECT,
        )
        for name in names
    ]
    return Configuration(
        Model(Reference("m"), components, joined),
        {item.name: item for item in programs},
        resources={Reference(name): item for name, item in (asked or {}).items()},
    )


def nodes(*cores: int, gpus: int = 0) -> Resources:
    """Return nodes `n0`, `n1`, … with the given numbers of cores, and of GPUs each."""
    there = tuple(Gpu(GpuKind.NVIDIA, str(i)) for i in range(gpus))
    return Resources(
        tuple(
            NodeResources(
                f"n{number}", frozenset(Core(i, frozenset({i})) for i in range(count)), gpus=there
            )
            for number, count in enumerate(cores)
        )
    )


def _conduits(text: str) -> tuple[tuple[Conduit, ...], list[str]]:
    conduits: list[Conduit] = []
    names: dict[str, None] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        words = line.replace("->", "").split()
        names[words[0]] = None
        if len(words) == 1:
            continue
        sender, operator, *filters, receiver, other = words
        names[receiver] = None
        conduits.append(
            Conduit(
                Reference(f"{sender}.{operator}"),
                Reference(f"{receiver}.{other}"),
                tuple(map(ConduitFilter, filters)),
            )
        )
    return tuple(conduits), list(names)
