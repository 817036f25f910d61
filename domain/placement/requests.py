"""The requests of the instances of a model, in the order in which the planner meets them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from domain.identity import Reference
from domain.model.configuration import (
    Component,
    Configuration,
    ExecutionModel,
    MpiNodes,
    ResourceRequirements,
)
from domain.model.turns import Turns
from domain.placement.node_cores import Applicant
from domain.placement.requirements import core_count, cores_on_one_node
from domain.placement.resources import Resources


@dataclass(frozen=True, slots=True)
class Request:
    """A request for cores for one instance.

    Attributes:
        instance: Name of the instance.
        applicant: The instance as the planner's ledger knows it.
        requirements: What it requests.
    """

    instance: Reference
    applicant: Applicant
    requirements: ResourceRequirements


def requests_of(configuration: Configuration) -> list[Request]:
    """Return the requests of all instances that are not started by hand, the largest ones first.

    Args:
        configuration: The flat configuration.
    """
    components = [
        item
        for item in configuration.model.components.values()
        if configuration.program_of(item).execution_model is not ExecutionModel.MANUAL
    ]
    partners = _sharing_partners(configuration, components)
    numbers = {name: number for number, name in enumerate(configuration.model.components)}
    requirements = {item.name: configuration.resources_of(item) for item in components}
    return [
        Request(
            instance,
            Applicant(numbers[item.name], instance.indices, partners[item.name]),
            requirements[item.name],
        )
        for item in sorted(
            components, key=lambda item: _size(requirements[item.name]), reverse=True
        )
        for instance in item.instances()
    ]


def variants(
    requests: Sequence[Request], available: Resources
) -> Iterator[tuple[Sequence[Request], Resources]]:
    """Yield other ways to place the same requests, if the first one fails.

    Placing one instance after the other does not find every solution. Filling the smallest nodes
    first leaves larger ones to the requests that need them, and sharing cores may scatter the free
    ones.

    Args:
        requests: The requests.
        available: The available cores.
    """
    by_size = Resources(tuple(sorted(available.nodes, key=lambda node: len(node.cores))))
    if by_size != available:
        yield requests, by_size
    if any(item.applicant.partners for item in requests):
        alone = [replace(item, applicant=replace(item.applicant, partners=0)) for item in requests]
        yield alone, available
        if by_size != available:
            yield alone, by_size


def _size(requirements: ResourceRequirements) -> tuple[bool, int, int, int]:
    whole_nodes = isinstance(requirements, MpiNodes)
    cores = cores_on_one_node(requirements)
    return whole_nodes, requirements.gpus, cores, core_count(requirements)


def _sharing_partners(
    configuration: Configuration, components: Sequence[Component]
) -> dict[Reference, int]:
    """Return for each component those that take turns with it, if both may share cores."""
    sharing = {
        item.name for item in components if configuration.program_of(item).can_share_resources
    }
    mask = sum(
        1 << number for number, name in enumerate(configuration.model.components) if name in sharing
    )
    partners = Turns(configuration.model).partner_masks()
    return {
        item.name: partners[item.name] & mask if item.name in sharing else 0 for item in components
    }
