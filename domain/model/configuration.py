"""The configuration of a run: one flat model of programs, with its settings and resources.

Hierarchical models are flattened before they get here. So a component's name may have several parts
(`outer.inner`), and each component is implemented by a program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import product
from typing import TypeAlias

from domain.coupling.conduits import Conduit
from domain.coupling.ports import SETTINGS_IN, Operator, Port
from domain.coupling.settings import Settings
from domain.identity import Reference
from domain.model.checkpoint_rules import Checkpoints
from domain.model.containers import Container


@dataclass(frozen=True)
class Component:
    """A component of the flat model.

    Attributes:
        name: Its full name, without indices.
        ports: Its ports by name, as declared in the configuration.
        program: Name of the program that implements it.
        multiplicity: Shape of its set of instances; empty for a single one.
        timeline: Its timeline, which ends with its own name, such as `macro:micro`.
        description: A description for people.
    """

    name: Reference
    ports: Mapping[str, Port]
    program: Reference
    multiplicity: tuple[int, ...] = ()
    timeline: str = ""
    description: str = ""

    def instances(self) -> Iterator[Reference]:
        """Yield the names of the instances; the last index varies fastest."""
        for index in product(*map(range, self.multiplicity)):
            yield self.name + index

    def operator_of(self, port: str) -> Operator | None:
        """Return the operator of a port or of the settings port; None if there is no such port."""
        if port == SETTINGS_IN:
            return Operator.F_INIT
        found = self.ports.get(port)
        return None if found is None else found.operator


@dataclass(frozen=True)
class Model:
    """Components and the conduits between them.

    Attributes:
        name: Name of the model.
        components: Components by name.
        conduits: All conduits.
        matching_timelines: Sets of timelines that have the same points in time, so that conduits
            may connect them.
    """

    name: Reference
    components: Mapping[Reference, Component]
    conduits: tuple[Conduit, ...] = ()
    matching_timelines: tuple[tuple[str, ...], ...] = ()

    def instances(self) -> Iterator[Reference]:
        """Yield the names of all instances of all components."""
        for component in self.components.values():
            yield from component.instances()

    def component_of(self, instance: Reference) -> Component | None:
        """Return the component to which an instance belongs; None if there is no such instance."""
        component = self.components.get(instance.without_trailing_ints())
        if component is None:
            return None
        indices, sizes = instance.indices, component.multiplicity
        if len(indices) != len(sizes):
            return None
        for index, size in zip(indices, sizes, strict=True):
            if not 0 <= index < size:
                return None
        return component


class BaseEnv(Enum):
    """The environment to which a program's own variables and modules are added."""

    MANAGER = "manager"
    """The environment in which the manager was started."""
    CLEAN = "clean"
    """The manager's, with all modules unloaded and the virtual environment deactivated."""
    LOGIN = "login"
    """The environment of a login shell."""


class ExecutionModel(Enum):
    """The ways to start a program."""

    DIRECT = "direct"
    OPENMPI = "openmpi"
    INTELMPI = "intelmpi"
    SRUNMPI = "srunmpi"
    MANUAL = "manual"
    """By the user."""

    @property
    def uses_mpi(self) -> bool:
        """Whether the program runs as several MPI processes."""
        return self in (ExecutionModel.OPENMPI, ExecutionModel.INTELMPI, ExecutionModel.SRUNMPI)


class KeepsStateForNextUse(Enum):
    """Whether a program keeps state from one pass of its reuse loop to the next."""

    NECESSARY = "necessary"
    NO = "no"
    HELPFUL = "helpful"


@dataclass(frozen=True)
class Program:
    """How to start an implementation.

    In `executable`, `modules`, `virtual_env` and a tuple of `args`, variables and `~` are replaced
    as `domain.model.shell_words` describes; `domain.model.shell_words.literally` prevents that.

    Attributes:
        name: Its name.
        executable: Path of the file to run; None with a script.
        args: A string is shell text (`-n $MUSCLE_THREADS`); a tuple has one word per argument.
        env: Variables to set; a name with a leading `+` appends to the inherited value.
        modules: Environment modules to load.
        virtual_env: Python virtual environment to activate.
        base_env: The environment to which all this is added.
        script: A complete script, instead of an executable.
        execution_model: How it is started.
        can_share_resources: Whether it may share cores with components that it takes turns with.
        keeps_state_for_next_use: Whether it needs checkpoints in order to be resumed.
        ports: The ports that it declares, if any.
        container: The container that it runs in; None if it runs outside of containers.
    """

    name: Reference
    executable: str | None = None
    args: str | tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    virtual_env: str | None = None
    base_env: BaseEnv = BaseEnv.MANAGER
    script: str | None = None
    execution_model: ExecutionModel = ExecutionModel.DIRECT
    can_share_resources: bool = True
    keeps_state_for_next_use: KeepsStateForNextUse = KeepsStateForNextUse.NECESSARY
    ports: Mapping[str, Port] = field(default_factory=dict)
    container: Container | None = None


@dataclass(frozen=True)
class Threads:
    """A program in one process.

    Attributes:
        threads: Number of cores, all on one node.
        gpus: Number of GPUs, on the same node.
    """

    threads: int = 1
    gpus: int = 0


@dataclass(frozen=True)
class MpiCores:
    """An MPI program that requests a number of processes, on any nodes.

    Attributes:
        mpi_processes: Number of processes.
        threads_per_mpi_process: Cores for each of them.
        gpus: Number of GPUs for all of them together. If it is not 0, all processes run on one
            node.
    """

    mpi_processes: int
    threads_per_mpi_process: int = 1
    gpus: int = 0


@dataclass(frozen=True)
class MpiNodes:
    """An MPI program that requests whole nodes.

    Attributes:
        nodes: Number of nodes.
        mpi_processes_per_node: Processes on each node.
        threads_per_mpi_process: Cores for each of them.
        gpus: Number of GPUs on each node.
    """

    nodes: int
    mpi_processes_per_node: int
    threads_per_mpi_process: int = 1
    gpus: int = 0


ResourceRequirements: TypeAlias = Threads | MpiCores | MpiNodes


@dataclass(frozen=True)
class ResumeOrigin:
    """The known facts about the workflow snapshot from which a simulation is resumed.

    Attributes:
        model: Name of its model; empty if unknown.
        from_scratch: Names of the instances that it has no snapshot of, and that start from
            scratch.
    """

    model: str = ""
    from_scratch: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Configuration:
    """The complete configuration of a simulation.

    Attributes:
        model: The flat model.
        programs: Programs by name, including each one that a component names.
        settings: Base settings.
        resources: Requirements by component; a component without an entry needs one thread.
        checkpoints: When to make snapshots.
        resume: Snapshot to resume from, by instance; others start from scratch.
        description: A description for people.
        resume_origin: Where the snapshots in `resume` come from; None if unknown.
    """

    model: Model
    programs: Mapping[Reference, Program]
    settings: Settings = field(default_factory=Settings)
    resources: Mapping[Reference, ResourceRequirements] = field(default_factory=dict)
    checkpoints: Checkpoints = field(default_factory=Checkpoints)
    resume: Mapping[Reference, str] = field(default_factory=dict)
    description: str = ""
    resume_origin: ResumeOrigin | None = None

    @property
    def has_manual_components(self) -> bool:
        """Whether the user starts some of the components."""
        return any(map(self._is_manual, self.model.components.values()))

    def is_started_by_hand(self, instance: Reference) -> bool:
        """Whether an instance is started by the user, or does not exist."""
        component = self.model.component_of(instance)
        return component is None or self._is_manual(component)

    def _is_manual(self, component: Component) -> bool:
        return self.program_of(component).execution_model is ExecutionModel.MANUAL

    def used_programs(self) -> list[Program]:
        """Return the programs of the components, sorted by name."""
        used = {component.program for component in self.model.components.values()}
        return [self.programs[name] for name in sorted(used)]

    def program_of(self, component: Component) -> Program:
        """Return the program that implements a component."""
        return self.programs[component.program]

    def resources_of(self, component: Component) -> ResourceRequirements:
        """Return the requirements of each instance of a component."""
        return self.resources.get(component.name, Threads())
