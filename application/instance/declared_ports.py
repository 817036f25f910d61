"""Combines the ports that a model declares with those of the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from domain.coupling.peers import PeerInfo, settings_port
from domain.coupling.ports import SETTINGS_IN, Operator, Port, PortState
from domain.errors import PortError
from domain.suggestions import did_you_mean

RESERVED_PREFIX = "muscle_"

Declaration = Mapping[Operator, Sequence[str]]


def parse_declaration(declaration: Declaration) -> tuple[list[Port], set[str]]:
    """Return the ports that a model declares, and the names of those declared with `[]`.

    Raises:
        PortError: If a name is reserved, invalid or declared twice, or if the ports of an operator
            are not a list of names.
    """
    ports: list[Port] = []
    vectors: set[str] = set()
    for operator, names in declaration.items():
        for name in _listed(names, operator):
            bare = name.removesuffix("[]")
            if bare.startswith(RESERVED_PREFIX):
                msg = (
                    f"Port name '{bare}' is reserved, like all names that start with"
                    f" '{RESERVED_PREFIX}'. Rename the port."
                )
                raise PortError(msg)
            if not bare.isidentifier():
                msg = f"'{name}' is not a valid port name: use letters, digits and underscores."
                raise PortError(msg)
            if any(port.name == bare for port in ports):
                msg = f"Port '{bare}' is declared twice. Rename one of the two ports."
                raise PortError(msg)
            if name != bare:
                vectors.add(bare)
            ports.append(Port(bare, operator))
    return ports, vectors


def _listed(names: object, operator: Operator) -> list[str]:
    if isinstance(names, str) or not isinstance(names, Iterable):
        msg = (
            f"The ports with operator {operator.name} must be a list of names, but they are"
            f' {names!r}. Write ["{names}"].'
        )
        raise PortError(msg)
    listed = list(names)
    for name in listed:
        if not isinstance(name, str):
            msg = (
                f"The ports with operator {operator.name} must be a list of names, but {name!r} in"
                f' it is not a string. Write e.g. ["state_out"].'
            )
            raise PortError(msg)
    return listed


def make_port_states(
    declared: Sequence[Port] | None, vectors: set[str], peers: PeerInfo
) -> dict[str, PortState]:
    """Return all ports of an instance by name, including `muscle_settings_in`.

    Args:
        declared: The ports that the model declares; None to use those of the configuration.
        vectors: Names of the ports that the model declares as vector ports.
        peers: The peers and the conduits to them.

    Raises:
        PortError: If the declared ports and the conduits do not match.
    """
    configured = {port.name: port for port in peers.ports}
    ports = list(configured.values()) if declared is None else list(declared)
    if declared is not None:
        ports = [_with_timeline(port, configured) for port in ports]
        _check_all_declared({port.name for port in ports}, peers)
    result = {
        port.name: _make_state(port, peers, is_vector=port.name in vectors)
        for port in [*ports, settings_port()]
    }
    _check_directions(result.values(), peers)
    return result


def _with_timeline(port: Port, configured: Mapping[str, Port]) -> Port:
    known = configured.get(port.name)
    return port if known is None else Port(port.name, port.operator, known.timeline)


def _check_all_declared(names: set[str], peers: PeerInfo) -> None:
    for conduit in peers.conduits:
        for end in (conduit.sender, conduit.receiver):
            name = str(end[-1])
            if end[:-1] == peers.component and name not in {*names, SETTINGS_IN}:
                have = ", ".join(sorted(names)) or "none"
                msg = (
                    f"Conduit '{conduit}' is connected to port '{name}' of '{peers.instance}', but"
                    f" the model does not declare that port. It declares: {have}."
                    f"{did_you_mean(name, names)} Correct the conduit in the yMMSL file, or the"
                    " ports passed to Instance()."
                )
                raise PortError(msg)


def _check_directions(ports: Iterable[PortState], peers: PeerInfo) -> None:
    for port in ports:
        for conduit in peers.conduits_at(port.name):
            sends = conduit.sender == peers.component + port.name
            if sends != port.operator.allows_sending:
                way = "sends from" if sends else "receives on"
                msg = (
                    f"Conduit '{conduit}' {way} port '{port.name}' of '{peers.instance}', but that"
                    f" is a port with operator {port.operator.name}. Correct the conduit in the"
                    " yMMSL file, or the operator of the port in the model."
                )
                raise PortError(msg)


def _make_state(port: Port, peers: PeerInfo, *, is_vector: bool) -> PortState:
    if not peers.conduits_at(port.name):
        return PortState(
            port, is_connected=False, length=0 if is_vector else None, is_resizable=is_vector
        )
    length = peers.port_length(port.name)
    if length is not None:
        return PortState(port, is_connected=True, length=length)
    if is_vector:
        return _make_resizable(port, peers)
    return PortState(port, is_connected=True, length=None)


def _make_resizable(port: Port, peers: PeerInfo) -> PortState:
    if not peers.has_equal_dimensions(port.name):
        msg = (
            f"Port '{port.name}' of '{peers.instance}' is declared as a vector port, but it is"
            " connected to a component with fewer dimensions, so it must be a scalar port. Remove"
            " the '[]' from its name in the model, or change the multiplicities."
        )
        raise PortError(msg)
    return PortState(port, is_connected=True, length=0, is_resizable=True)
