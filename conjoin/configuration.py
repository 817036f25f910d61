"""Flat models as values: a Manager converts yMMSL files to them, and also accepts them directly.

Example:
    ::

        from conjoin import Manager
        from conjoin.configuration import CheckpointRangeRule, Checkpoints

        hourly = Checkpoints(wallclock_time=(CheckpointRangeRule(every=3600.0),))
        manager = Manager("model.ymmsl", checkpoints=hourly)
"""

from domain.coupling.conduits import Conduit, ConduitFilter
from domain.coupling.ports import Operator, Port
from domain.coupling.settings import Settings
from domain.identity import Identifier, Reference
from domain.model.checkpoint_rules import (
    CheckpointAtRule,
    CheckpointRangeRule,
    CheckpointRule,
    Checkpoints,
)
from domain.model.configuration import (
    BaseEnv,
    Component,
    Configuration,
    ExecutionModel,
    KeepsStateForNextUse,
    Model,
    MpiCores,
    MpiNodes,
    Program,
    ResourceRequirements,
    Threads,
)
from domain.model.containers import Container, ContainerRunner

__all__ = [
    "BaseEnv",
    "CheckpointAtRule",
    "CheckpointRangeRule",
    "CheckpointRule",
    "Checkpoints",
    "Component",
    "Conduit",
    "ConduitFilter",
    "Configuration",
    "Container",
    "ContainerRunner",
    "ExecutionModel",
    "Identifier",
    "KeepsStateForNextUse",
    "Model",
    "MpiCores",
    "MpiNodes",
    "Operator",
    "Port",
    "Program",
    "Reference",
    "ResourceRequirements",
    "Settings",
    "Threads",
]
