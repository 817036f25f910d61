"""Allocates cores to instances.

Each instance gets exclusive cores, except that components that take turns may share them (see
`domain.model.turns`). The largest requests are placed first, each on the first node with enough
cores, and on shareable cores rather than free ones. This is fast, and the packing is good, although
not always optimal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from domain.errors import InsufficientResources
from domain.identity import Reference
from domain.model.configuration import (
    Component,
    Configuration,
    ExecutionModel,
    MpiNodes,
    ResourceRequirements,
)
from domain.model.turns import Turns
from domain.placement.core_ledger import CoreLedger
from domain.placement.core_search import SpareCores, find_cores
from domain.placement.requirements import core_count, cores_on_one_node, describe_request
from domain.placement.resources import Core, NodeResources, Resources
from domain.suggestions import MOST_LISTED


@dataclass(frozen=True)
class Plan:
    """The cores allocated to each instance.

    Attributes:
        resources: The cores of each instance, except those that the user starts.
        oversubscribed: Instances that share cores with others that run at the same time, or that
            get fewer cores than they request.
        reduced: The oversubscribed instances that get fewer cores than they request.
    """

    resources: Mapping[Reference, Resources] = field(default_factory=dict)
    oversubscribed: tuple[Reference, ...] = ()
    reduced: tuple[Reference, ...] = ()


class Planner:
    """Plans the allocation of cores for one configuration.

    Args:
        configuration: The flat configuration.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._planned = sorted(
            (item for item in configuration.model.components.values() if self._is_planned(item)),
            key=self._size,
            reverse=True,
        )
        self._partners = self._sharing_partners()
        self._dimensions = {item.name: len(item.multiplicity) for item in self._planned}

    def plan(self, available: Resources, *, oversubscribe: bool = False) -> Plan:
        """Allocate cores to all instances.

        Args:
            available: The available cores.
            oversubscribe: Whether, if there are too few cores, instances that run at the same time
                may share cores, and an instance may get fewer than it requests. This suits a single
                machine, as with MUSCLE3, where the operating system divides the time; it does not
                suit a cluster.

        Raises:
            InsufficientResources: If there are too few cores, or, when oversubscribing, none.
        """
        ledger = CoreLedger(available, self._partners, self._dimensions)
        spare = SpareCores(ledger) if oversubscribe else None
        given: dict[Reference, Resources] = {}
        squeezed: list[Reference] = []
        reduced: list[Reference] = []
        for component in self._planned:
            requirements = self._configuration.resources_of(component)
            for instance in component.instances():
                cores = find_cores(ledger, component.name, instance.indices, requirements)
                if cores is None and spare is not None:
                    cores = spare.find(requirements)
                    squeezed.append(instance)
                if cores is None and spare is not None:
                    cores = spare.all_for(requirements)
                    reduced.append(instance)
                if cores is None:
                    raise _too_few(component, instance, requirements, available)
                ledger.give(component.name, instance.indices, cores)
                if spare is not None:
                    spare.give(cores)
                given[instance] = ledger.resources(cores)
        in_order = self._configuration.model.instances()
        resources = {name: given[name] for name in in_order if name in given}
        return Plan(resources, tuple(squeezed), tuple(reduced))

    def oversubscription(self, plan: Plan, available: Resources) -> str | None:
        """Return a warning if a plan gives too few cores to some instances, else None.

        Args:
            plan: A plan of this planner.
            available: The available cores.
        """
        if not plan.oversubscribed:
            return None
        reduced = {name.without_trailing_ints() for name in plan.reduced}
        sentences = [
            f"Component '{name}' requests {self._asked(name)}." for name in sorted(reduced)
        ]
        sharing = [name for name in plan.oversubscribed if name not in plan.reduced]
        if sharing:
            verb = "shares" if len(sharing) == 1 else "share"
            sentences.append(
                f"{len(sharing)} of {len(plan.resources)} instances {verb} cores with others that"
                f" run at the same time: {_listed(sharing)}."
            )
        return (
            "There are too few cores for the model to run at full speed. Available:"
            f" {available.as_text()}. {' '.join(sentences)}"
        )

    def _asked(self, name: Reference) -> str:
        component = self._configuration.model.components[name]
        return _asked(component, self._configuration.resources_of(component))

    def nodes_needed(self, cores_per_node: int) -> int:
        """Return how many nodes of a given size the model needs.

        Args:
            cores_per_node: Number of cores of each node.

        Raises:
            InsufficientResources: If an instance does not fit on nodes of this size.
        """
        if not self._planned:
            return 0
        for component in self._planned:
            requirements = self._configuration.resources_of(component)
            if cores_per_node < cores_on_one_node(requirements):
                instance = next(component.instances(), component.name)
                raise _too_few(component, instance, requirements, _nodes(1, cores_per_node))
        count = 1
        while True:
            try:
                plan = self.plan(_nodes(count, cores_per_node))
            except InsufficientResources:
                count *= 2
            else:
                return len({node.node for given in plan.resources.values() for node in given})

    def _is_planned(self, component: Component) -> bool:
        program = self._configuration.program_of(component)
        return program.execution_model is not ExecutionModel.MANUAL

    def _size(self, component: Component) -> tuple[bool, int, int]:
        requirements = self._configuration.resources_of(component)
        whole_nodes = isinstance(requirements, MpiNodes)
        return whole_nodes, cores_on_one_node(requirements), core_count(requirements)

    def _sharing_partners(self) -> dict[Reference, set[Reference]]:
        sharing = {
            item.name
            for item in self._planned
            if self._configuration.program_of(item).can_share_resources
        }
        partners = Turns(self._configuration.model).partners()
        return {name: partners[name] & sharing for name in sharing}


def _nodes(count: int, cores_per_node: int) -> Resources:
    cores = frozenset(Core(number, frozenset({number})) for number in range(cores_per_node))
    return Resources(tuple(NodeResources(f"node{number:06}", cores) for number in range(count)))


def _too_few(
    component: Component,
    instance: Reference,
    requirements: ResourceRequirements,
    available: Resources,
) -> InsufficientResources:
    return InsufficientResources(
        f"There are too few cores: component '{component.name}' requests"
        f" {_asked(component, requirements)}, and too few are left for '{instance}'. Available:"
        f" {available.as_text()}. Request less under 'resources', make the model smaller, or run it"
        " on more or larger nodes."
    )


def _asked(component: Component, requirements: ResourceRequirements) -> str:
    count = prod(component.multiplicity)
    each = f" for each of its {count} instances" if count > 1 else ""
    return f"{describe_request(requirements)}{each}"


def _listed(names: Sequence[Reference]) -> str:
    texts = [f"'{name}'" for name in names[:MOST_LISTED]]
    if len(names) > MOST_LISTED:
        texts.append(f"{len(names) - MOST_LISTED} more")
    return f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else texts[0]
