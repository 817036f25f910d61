"""Places instances on cores one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.identity import Reference
from domain.placement.core_ledger import CoreLedger, Grant
from domain.placement.core_search import SpareCores, find_cores
from domain.placement.requests import Request
from domain.placement.resources import Resources


@dataclass(slots=True)
class Allocation:
    """The cores of instances.

    Attributes:
        resources: The cores of each instance that was placed.
        oversubscribed: Instances that share cores with others that run at the same time, or that
            get fewer cores than they request.
        reduced: The oversubscribed instances that get fewer cores than they request.
        unplaced: The first instance for which there were too few cores; None if all were placed.
    """

    resources: dict[Reference, Resources] = field(default_factory=dict)
    oversubscribed: list[Reference] = field(default_factory=list)
    reduced: list[Reference] = field(default_factory=list)
    unplaced: Reference | None = None


def allocate(
    requests: Iterable[Request], available: Resources, *, oversubscribe: bool = False
) -> Allocation:
    """Place instances until there are too few cores for one of them.

    Args:
        requests: The requests, in the order in which to place them.
        available: The available cores.
        oversubscribe: Whether, if there are too few cores, instances that run at the same time may
            share cores, and an instance may get fewer than it requests.
    """
    result = Allocation()
    ledger = CoreLedger(available)
    spare = SpareCores(ledger) if oversubscribe else None
    for request in requests:
        grant = find_cores(ledger, request.applicant, request.requirements)
        if grant is None and spare is not None:
            grant = _squeezed(spare, request, result)
        if grant is None:
            result.unplaced = request.instance
            break
        ledger.give(request.applicant, grant)
        if spare is not None:
            spare.give(grant)
        result.resources[request.instance] = ledger.resources(grant)
    return result


def _squeezed(spare: SpareCores, request: Request, result: Allocation) -> Grant | None:
    """Return cores that others use at the same time; None if there are no cores at all."""
    result.oversubscribed.append(request.instance)
    grant = spare.find(request.requirements)
    if grant is None:
        grant = spare.all_for(request.requirements)
        result.reduced.append(request.instance)
    return grant
