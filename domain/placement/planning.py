"""Allocates cores and GPUs to instances.

Each instance gets exclusive cores and GPUs, except that components that take turns may share them
(see `domain.model.turns`). The largest requests are placed first, each on the first node with
enough cores and GPUs, and on shareable cores rather than free ones (first-fit decreasing). If that
fails, it is tried again with the smallest nodes first, and without sharing cores.

This is fast, and the packing is good, although not always optimal. A model without requests for
whole nodes or GPUs is placed whenever

- it fits without sharing cores, and all its processes have the same number of threads; or
- it fits without sharing cores, all its numbers of threads divide each other, such as powers of
  two, and the largest one divides the number of cores of each node; or
- first-fit decreasing places it without sharing cores. On nodes of equal size, this never needs
  more than 11/9 of the minimum number of nodes, plus one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from domain.errors import InsufficientResources
from domain.identity import Reference
from domain.model.configuration import Component, Configuration, ResourceRequirements
from domain.placement.allocation import Allocation, allocate
from domain.placement.requests import Request, requests_of, variants
from domain.placement.requirements import cores_on_one_node, describe_request
from domain.placement.resources import Core, Gpu, GpuKind, NodeResources, Resources
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
        self._requests: Sequence[Request] | None = None

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
        allocation = self._allocate(available, oversubscribe=oversubscribe)
        if allocation.unplaced is not None:
            raise self._too_few(allocation.unplaced, available)
        in_order = self._configuration.model.instances()
        given = allocation.resources
        resources = {name: given[name] for name in in_order if name in given}
        return Plan(resources, tuple(allocation.oversubscribed), tuple(allocation.reduced))

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
        squeezed = {name.without_trailing_ints() for name in plan.oversubscribed}
        units = "cores or GPUs" if any(map(self._gpus, squeezed)) else "cores"
        return (
            f"There are too few {units} for the model to run at full speed. Available:"
            f" {available.as_text()}. {' '.join(sentences)}"
        )

    def _component(self, name: Reference) -> Component:
        return self._configuration.model.components[name]

    def _gpus(self, name: Reference) -> int:
        return self._configuration.resources_of(self._component(name)).gpus

    def _asked(self, name: Reference) -> str:
        component = self._component(name)
        return _asked(component, self._configuration.resources_of(component))

    def nodes_needed(self, cores_per_node: int, *, gpus_per_node: int = 0) -> int:
        """Return how many nodes of a given size the model needs.

        Args:
            cores_per_node: Number of cores of each node.
            gpus_per_node: Number of GPUs of each node.

        Raises:
            InsufficientResources: If an instance does not fit on nodes of this size.
        """
        requests = self._all_requests()
        if not requests:
            return 0
        for request in requests:
            asked = request.requirements
            if cores_per_node < cores_on_one_node(asked) or gpus_per_node < asked.gpus:
                available = equal_nodes(1, cores_per_node, gpus_per_node=gpus_per_node)
                raise self._too_few(request.instance, available)
        count = 1
        while True:
            try:
                nodes = equal_nodes(count, cores_per_node, gpus_per_node=gpus_per_node)
                plan = self.plan(nodes)
            except InsufficientResources:
                count *= 2
            else:
                return len({node.node for given in plan.resources.values() for node in given})

    def _allocate(self, available: Resources, *, oversubscribe: bool) -> Allocation:
        requests = self._all_requests()
        first = allocate(requests, available)
        if first.unplaced is None:
            return first
        for other_requests, nodes in variants(requests, available):
            other = allocate(other_requests, nodes)
            if other.unplaced is None:
                return other
        return allocate(requests, available, oversubscribe=True) if oversubscribe else first

    def _all_requests(self) -> Sequence[Request]:
        if self._requests is None:
            self._requests = requests_of(self._configuration)
        return self._requests

    def _too_few(self, instance: Reference, available: Resources) -> InsufficientResources:
        component = instance.without_trailing_ints()
        units = "cores or GPUs" if self._gpus(component) else "cores"
        return InsufficientResources(
            f"There are too few {units}: component '{component}' requests {self._asked(component)},"
            f" and too few are left for '{instance}'. Available: {available.as_text()}. Request"
            " less under 'resources', make the model smaller, or run it on more or larger nodes."
        )


def equal_nodes(count: int, cores_per_node: int, *, gpus_per_node: int = 0) -> Resources:
    """Return the resources of nodes of equal size.

    Args:
        count: Number of nodes.
        cores_per_node: Number of cores of each node.
        gpus_per_node: Number of GPUs of each node.
    """
    gpus = tuple(Gpu(GpuKind.NVIDIA, str(number)) for number in range(gpus_per_node))
    cores = frozenset(Core(number, frozenset({number})) for number in range(cores_per_node))
    return Resources(
        tuple(NodeResources(f"node {number}", cores, gpus=gpus) for number in range(1, count + 1))
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
