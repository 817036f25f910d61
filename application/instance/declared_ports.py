"""From what the model and the configuration say about ports to ports that can be used."""

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
        PortError: If a name is reserved, invalid or there twice, or is no list of names.
    """
    ports: list[Port] = []
    vectors: set[str] = set()
    for operator, names in declaration.items():
        for name in _listed(names, operator):
            bare = name.removesuffix("[]")
            if bare.startswith(RESERVED_PREFIX):
                msg = f"Port name '{bare}' is reserved: names that start with 'muscle_' are ours."
                raise PortError(msg)
            if not bare.isidentifier():
                msg = f"'{name}' is no valid name for a port: use letters, digits and underscores."
                raise PortError(msg)
            if any(port.name == bare for port in ports):
                msg = f"Port '{bare}' is declared twice: a name can be used for one port only."
                raise PortError(msg)
            if name != bare:
                vectors.add(bare)
            ports.append(Port(bare, operator))
    return ports, vectors


def _listed(names: object, operator: Operator) -> list[str]:
    if isinstance(names, str) or not isinstance(names, Iterable):
        msg = (
            f"The ports with operator {operator.name} are to be a list of names, but got {names!r}."
            f' Write ["{names}"].'
        )
        raise PortError(msg)
    listed = list(names)
    for name in listed:
        if not isinstance(name, str):
            msg = (
                f"The ports with operator {operator.name} are to be given by their names, but"
                f' {name!r} is no string. Write e.g. ["state_out"].'
            )
            raise PortError(msg)
    return listed


def make_port_states(
    declared: Sequence[Port] | None, vectors: set[str], peers: PeerInfo
) -> dict[str, PortState]:
    """Return all ports of an instance, with `muscle_settings_in`.

    Args:
        declared: The ports that the model declares; None to take those of the configuration.
        vectors: Names of the ports that it declares as vector ports.
        peers: What the manager says about connections.

    Raises:
        PortError: If the declaration does not fit the connections.
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
            " joined to a component with fewer dimensions, for which it must be scalar. Remove the"
            " '[]' from its name in the model, or change the multiplicities."
        )
        raise PortError(msg)
    return PortState(port, is_connected=True, length=0, is_resizable=True)
