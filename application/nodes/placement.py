"""Placement of instances onto the cores of nodes."""

from __future__ import annotations

from application.interfaces.node_pool import Placement
from domain.errors import InsufficientResources
from domain.model.configuration import Configuration
from domain.placement.planning import Planner
from domain.placement.resources import Resources


def place(configuration: Configuration, available: Resources, *, oversubscribe: bool) -> Placement:
    """Assign cores to instances.

    Args:
        configuration: The flat configuration.
        available: The available cores.
        oversubscribe: Whether instances that run at the same time may share cores if there are
            too few.

    Raises:
        InsufficientResources: If there are too few cores.
    """
    planner = Planner(configuration)
    try:
        plan = planner.plan(available, oversubscribe=oversubscribe)
    except InsufficientResources as error:
        if oversubscribe:
            raise
        msg = f"{error} Or let instances that run at the same time share cores: --oversubscribe."
        raise InsufficientResources(msg) from None
    warning = planner.oversubscription(plan, available)
    return Placement(plan.resources, () if warning is None else (warning,))
