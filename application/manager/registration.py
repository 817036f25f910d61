"""Registers instances, and holds their locations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from application.interfaces.manager_desk import Registration
from application.manager.snapshots.run_checkpoints import RunCheckpoints
from domain.checkpointing.instance_snapshot import is_url
from domain.coupling.conduits import Conduit
from domain.coupling.filters import filters_of
from domain.coupling.ports import SETTINGS_IN, Port, ports_in_ymmsl
from domain.errors import ManagerRefused
from domain.identity import Reference
from domain.model.configuration import Component, Configuration
from domain.model.topology import Topology
from domain.suggestions import MOST_LISTED, did_you_mean, few
from domain.version import OWN_VERSION_SUFFIX

DIALECTS = ("0.10", "0.11")


class InstanceRegistry:
    """The instances that have registered and not deregistered.

    Args:
        configuration: The configuration of the run.
        checkpoints: Decides when instances save.
    """

    def __init__(self, configuration: Configuration, *, checkpoints: RunCheckpoints) -> None:
        model = configuration.model
        self._model = model
        self._topology = Topology(model)
        self._resume = configuration.resume
        self._checkpoints = checkpoints
        # each request of an instance resolves its name several times
        self._resolved: dict[str, tuple[Reference, Component]] = {}
        self._locations: dict[Reference, tuple[str, ...]] = {}
        self._dialects: dict[Reference, str] = {}
        self._own: set[Reference] = set()
        self._first: tuple[str, str] | None = None
        self._listeners: list[Callable[[Reference], None]] = []
        self._has_filters = any(conduit.filters for conduit in model.conduits)

    def on_registered(self, listener: Callable[[Reference], None]) -> None:
        """Call back for each instance that registers from now on."""
        self._listeners.append(listener)

    def register(
        self, name: str, locations: Sequence[str], ports: Sequence[Port], version: str
    ) -> Registration:
        """Register an instance.

        Raises:
            ManagerRefused: If it cannot take part; the message explains why and what to do.
        """
        instance, component = self.resolve(name)
        if instance in self._locations:
            msg = (
                f"An instance with name {name} was already registered. Did you start a non-MPI"
                " component using mpirun? Or were two programs given this name, with"
                " MUSCLE_INSTANCE or --muscle-instance? Or does the program create a second"
                " Instance? It must create only one, before the reuse loop."
            )
            raise ManagerRefused(msg)
        dialect = self._check_dialect(name, version)
        self._check_ports(name, component, ports)
        is_own = version.endswith(OWN_VERSION_SUFFIX)
        if not is_own and (self._checkpoints.are_made or self._resume):
            self._reject_reducing_filters(name, component)
            self._reject_resuming_from_url(name, instance)
        self._locations[instance] = tuple(locations)
        self._dialects[instance] = dialect
        if self._first is None:
            self._first = name, version
        if is_own:
            self._own.add(instance)
        for listener in self._listeners:
            listener(instance)
        return Registration(component.timeline, dialect == "0.10")

    def deregister(self, name: str) -> None:
        """Deregister an instance.

        Raises:
            ManagerRefused: If it is not registered.
        """
        instance, _ = self.resolve(name)
        if self._locations.pop(instance, None) is None:
            msg = f"Instance '{name}' cannot deregister, because it is not registered."
            raise ManagerRefused(msg)

    def __contains__(self, name: str) -> bool:
        """Whether the model has an instance of this name."""
        try:
            self.resolve(name)
        except ManagerRefused:
            return False
        return True

    def resolve(self, name: str) -> tuple[Reference, Component]:
        """Return the reference and the component of an instance.

        Raises:
            ManagerRefused: If the model does not have this instance.
        """
        found = self._resolved.get(name)
        if found is not None:
            return found
        try:
            instance = Reference(name)
            component = self._model.component_of(instance)
        except ValueError:
            component = None
        if component is None:
            components = self._model.components
            have = [
                f"{item.name}{''.join(f'[0..{size - 1}]' for size in item.multiplicity)}"
                for item in components.values()
            ]
            offer = did_you_mean(name, components) if len(have) > MOST_LISTED else ""
            msg = (
                f"There is no instance '{name}' in model '{self._model.name}'. It has:"
                f" {few(have, 'component')}.{offer}"
                " Check the name given to the program, and the multiplicity of the component."
            )
            raise ManagerRefused(msg)
        self._resolved[name] = instance, component
        return instance, component

    def is_registered(self, instance: Reference) -> bool:
        """Whether an instance has registered and not deregistered."""
        return instance in self._locations

    def has_left(self, name: str) -> bool:
        """Whether an instance has registered, and deregistered since."""
        instance, _ = self.resolve(name)
        return instance in self._dialects and instance not in self._locations

    def registered(self) -> list[Reference]:
        """Return the instances that have registered and not deregistered."""
        return list(self._locations)

    def locations(self, instance: Reference) -> tuple[str, ...]:
        """Return the locations of a registered instance."""
        return self._locations[instance]

    def is_dialect_0_10(self, name: str) -> bool:
        """Whether an instance registered with MUSCLE3's older dialect."""
        return self._dialects.get(self.resolve(name)[0]) == "0.10"

    def is_own(self, name: str) -> bool:
        """Whether an instance registered with our own library."""
        return self.resolve(name)[0] in self._own

    def _check_dialect(self, name: str, version: str) -> str:
        dialect = _dialect_of(version)
        if dialect not in DIALECTS:
            uses = f"version {version}" if version else "an old version, which sends no number,"
            msg = (
                f"Instance '{name}' uses {uses} of the coupling library, which this manager does"
                f" not support. It supports MUSCLE3 {' and '.join(DIALECTS)}, and Conjoin. For"
                " example, run in the environment of this program: pip install"
                " 'muscle3>=0.11,<0.12'"
            )
            raise ManagerRefused(msg)
        if self._first is not None and _dialect_of(self._first[1]) != dialect:
            other, first_version = self._first
            outdated = name if dialect == "0.10" else other
            msg = (
                f"Instance '{name}' uses {_library(version)}, but instance '{other}' uses"
                f" {_library(first_version)}, and these two cannot exchange messages. Use MUSCLE3"
                f" 0.11 or Conjoin for '{outdated}' too, or MUSCLE3 0.10 for all instances."
            )
            raise ManagerRefused(msg)
        if dialect == "0.10" and self._has_filters:
            msg = (
                f"Instance '{name}' uses MUSCLE3 {version}, which does not support conduit filters,"
                " but this configuration has some. Use MUSCLE3 0.11 or Conjoin in all components."
            )
            raise ManagerRefused(msg)
        return dialect

    def _reject_resuming_from_url(self, name: str, instance: Reference) -> None:
        """Reject URLs, which only remain if the nodes do not share the manager's files."""
        location = self._resume.get(instance, "")
        if is_url(location):
            msg = (
                f"Instance '{name}' uses MUSCLE3's library, which cannot resume from {location}."
                " Use Conjoin's library, or hosts that share the run directory."
            )
            raise ManagerRefused(msg)

    def _reject_reducing_filters(self, name: str, component: Component) -> None:
        """Reject reducing filters: MUSCLE3's snapshots lack the state to resume them."""
        for conduit in self._model.conduits:
            if filters_of(conduit).reduces and component.name in self._topology.parties_to(conduit):
                msg = (
                    f"Instance '{name}' uses MUSCLE3's library and {_role_in(conduit, component)}"
                    f" conduit '{conduit}', which has a reducing filter, but that library does not"
                    " save the state of such a filter. Use Conjoin's library for this component, or"
                    " run from scratch without checkpoints and --checkpoint-on-term."
                )
                raise ManagerRefused(msg)

    def _check_ports(self, name: str, component: Component, ports: Sequence[Port]) -> None:
        for port in ports:
            configured = component.ports.get(port.name)
            if configured is not None and configured.operator is not port.operator:
                msg = (
                    f"Port '{port.name}' of '{name}' has operator {port.operator.name} in the"
                    f" program, but {configured.operator.name} in the configuration. Correct one of"
                    " them. To have it as in the program, write this for the component in the yMMSL"
                    f" file: 'ports: {ports_in_ymmsl(ports)}'."
                )
                raise ManagerRefused(msg)
        self._check_connected_ports(name, component, {port.name for port in ports})

    def _check_connected_ports(self, name: str, component: Component, ports: set[str]) -> None:
        if not ports:
            return  # such an instance takes its ports from the configuration
        for conduit in self._model.conduits:
            for owner, port in (
                (conduit.sending_component, conduit.sending_port),
                (conduit.receiving_component, conduit.receiving_port),
            ):
                if owner == component.name and port not in ports and port != SETTINGS_IN:
                    msg = (
                        f"Conduit '{conduit}' is connected to port '{port}' of '{name}', which the"
                        f" program does not have. It has: {few(sorted(ports), 'port')}."
                        f"{did_you_mean(port, ports)} Correct the conduit in the yMMSL file, or the"
                        " ports in the program."
                    )
                    raise ManagerRefused(msg)


def _dialect_of(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _library(version: str) -> str:
    is_own = version.endswith(OWN_VERSION_SUFFIX)
    return "Conjoin's library" if is_own else f"MUSCLE3 {version}"


def _role_in(conduit: Conduit, component: Component) -> str:
    """Describe how a component uses a conduit, for an error message."""
    if conduit.sending_component == component.name:
        return "sends through"
    if conduit.receiving_component == component.name:
        return "receives through"
    return "calls the sender of"
