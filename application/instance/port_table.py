"""The ports of an instance, and how a model may use them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from domain.coupling.messages import Message
from domain.coupling.ports import SETTINGS_IN, Operator, PortState
from domain.errors import PortError, PortMissing
from domain.identity import Reference
from domain.suggestions import did_you_mean


class PortTable(Mapping[str, PortState]):
    """All ports of an instance by name, `muscle_settings_in` among them.

    Args:
        instance: Name of the instance, for the texts of errors.
        ports: The ports.
    """

    def __init__(self, instance: Reference, ports: Mapping[str, PortState]) -> None:
        self._instance = instance
        self._ports = ports

    def __getitem__(self, name: str) -> PortState:
        return self._ports[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ports)

    def __len__(self) -> int:
        return len(self._ports)

    def connected(self, *operators: Operator) -> list[PortState]:
        """Return the connected ports with any of the operators."""
        return [
            port
            for port in self._ports.values()
            if port.is_connected and port.operator in operators
        ]

    def names_by_operator(self) -> dict[Operator, list[str]]:
        """Return the names of the model's own ports."""
        result: dict[Operator, list[str]] = {}
        for port in self._ports.values():
            if port.name != SETTINGS_IN:
                result.setdefault(port.operator, []).append(port.name)
        return result

    def asked_about(self, name: str) -> PortState:
        """Return a port about which the model wants to know something.

        Raises:
            PortMissing: If there is no such port.
        """
        port = self._ports.get(name)
        if port is None:
            raise PortMissing(self._text_of_missing(name))
        return port

    def to_send_on(self, name: str, slot: int | None) -> PortState:
        """Return a port on which the model wants to send.

        Raises:
            PortError: If it cannot send there.
        """
        port = self._find(name)
        if not port.operator.allows_sending:
            raise _wrong_direction(port, "send", "receive")
        self._check_slot(port, slot)
        return port

    def to_receive_on(self, name: str, slot: int | None) -> PortState:
        """Return a port on which the model wants to receive.

        Raises:
            PortError: If it cannot receive there.
        """
        port = self._find(name)
        if not port.operator.allows_receiving:
            raise _wrong_direction(port, "receive", "send")
        self._check_slot(port, slot)
        return port

    def vector(self, name: str) -> PortState:
        """Return a port that has slots.

        Raises:
            PortMissing: If there is no such port.
            PortError: If it has none.
        """
        port = self.asked_about(name)
        if not port.is_vector:
            msg = (
                f"Port '{name}' of '{self._instance}' is a scalar port, so it has no length."
                " Ask is_vector_port() first, or change the multiplicities."
            )
            raise PortError(msg)
        return port

    def resizable(self, name: str) -> PortState:
        """Return a port whose length the model may set.

        Raises:
            PortMissing: If there is no such port.
            PortError: If its length is given.
        """
        port = self.vector(name)
        if not port.is_resizable:
            msg = (
                f"Port '{name}' of '{self._instance}' cannot be resized: its length is given by"
                " the number of instances at the other end. Ask is_resizable() first."
            )
            raise PortError(msg)
        return port

    def _find(self, name: str) -> PortState:
        port = self._ports.get(name)
        if port is None:
            raise PortError(self._text_of_missing(name))
        return port

    def _text_of_missing(self, name: str) -> str:
        names = [port for port in self._ports if port != SETTINGS_IN]
        have = ", ".join(f"'{port}'" for port in names) or "no ports"
        return (
            f"There is no port '{name}' on '{self._instance}': it has {have}."
            f"{did_you_mean(name, names)}"
        )

    def _check_slot(self, port: PortState, slot: int | None) -> None:
        if not port.is_connected:
            return
        if port.length is None:
            if slot is not None:
                msg = (
                    f"Port '{port.name}' is a scalar port, but slot {slot} was given. Leave out the"
                    " slot, or connect the port to a component with one dimension more."
                )
                raise PortError(msg)
        elif slot is None:
            msg = (
                f"Port '{port.name}' is a vector port of length {port.length}, but no slot was"
                " given. Say which, e.g. slot=0."
            )
            raise PortError(msg)
        elif not hasattr(slot, "__index__"):
            msg = (
                f"The slot of port '{port.name}' is to be a whole number, but {slot!r}, a"
                f" {type(slot).__name__}, was given. Write e.g. slot=0."
            )
            raise PortError(msg)
        else:
            _check_range(port, slot, port.length)


def default_for(port: PortState, default: Message | None) -> Message:
    """Return what is received on a port that is not connected.

    Raises:
        PortError: If the model gave no default.
    """
    if default is None:
        msg = (
            f"Tried to receive on port '{port.name}', which is not connected, and no default"
            " was given. Connect it in the yMMSL file, or pass default=Message(...)."
        )
        raise PortError(msg)
    return default


def _check_range(port: PortState, slot: int, length: int) -> None:
    # what comes on its first slot tells a resizable receiving port its length
    learns_length = port.is_resizable and port.operator.allows_receiving and slot == 0
    if not 0 <= slot < length and not learns_length:
        hint = " Set its length first, with set_port_length()." if port.is_resizable else ""
        msg = f"Port '{port.name}' has length {length}, so it has no slot {slot}.{hint}"
        raise PortError(msg)


def _wrong_direction(port: PortState, tried: str, possible: str) -> PortError:
    return PortError(
        f"Tried to {tried} on port '{port.name}', which has operator {port.operator.name} and"
        f" can only {possible}. Use another port, or declare it with another operator."
    )
