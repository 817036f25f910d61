"""The ports of an instance, and the rules for using them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from domain.coupling.messages import Message
from domain.coupling.ports import SETTINGS_IN, Operator, PortState
from domain.errors import PortError, PortMissing
from domain.identity import Reference
from domain.suggestions import did_you_mean, few


class PortTable(Mapping[str, PortState]):
    """All ports of an instance by name, `muscle_settings_in` among them.

    Args:
        instance: Name of the instance, for error messages.
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
        """Return the connected ports that have one of the operators."""
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
        """Return the port with a name, for a query of the model.

        Raises:
            PortMissing: If the port does not exist.
        """
        port = self._ports.get(name)
        if port is None:
            raise PortMissing(self._missing(name))
        return port

    def to_send_on(self, name: str, slot: int | None) -> PortState:
        """Return the port with a name, on which the model will send.

        Raises:
            PortError: If the port does not exist or does not send, or the slot does not exist.
        """
        port = self._find(name)
        if not port.operator.allows_sending:
            raise _wrong_direction(port, "send", "receive")
        self._check_slot(port, slot)
        return port

    def to_receive_on(self, name: str, slot: int | None) -> PortState:
        """Return the port with a name, on which the model will receive.

        Raises:
            PortError: If the port does not exist or does not receive, or the slot does not exist.
        """
        port = self._find(name)
        if not port.operator.allows_receiving:
            raise _wrong_direction(port, "receive", "send")
        self._check_slot(port, slot)
        return port

    def vector(self, name: str) -> PortState:
        """Return the vector port with a name.

        Raises:
            PortMissing: If the port does not exist.
            PortError: If it is a scalar port.
        """
        port = self.asked_about(name)
        if not port.is_vector:
            msg = (
                f"Port '{name}' of '{self._instance}' is a scalar port, so it has no length."
                " Check is_vector_port() first, or change the multiplicities."
            )
            raise PortError(msg)
        return port

    def resizable(self, name: str) -> PortState:
        """Return the port with a name, whose length the model will set.

        Raises:
            PortMissing: If the port does not exist.
            PortError: If it is a scalar port, or its length is fixed.
        """
        port = self.vector(name)
        if not port.is_resizable:
            msg = (
                f"Port '{name}' of '{self._instance}' cannot be resized: its length is the number"
                " of instances at the other end. Check is_resizable() first."
            )
            raise PortError(msg)
        return port

    def _find(self, name: str) -> PortState:
        port = self._ports.get(name)
        if port is None:
            raise PortError(self._missing(name))
        return port

    def _missing(self, name: str) -> str:
        names = [port for port in self._ports if port != SETTINGS_IN]
        have = few([f"'{port}'" for port in names], "port")
        return f"'{self._instance}' has no port '{name}'. It has {have}.{did_you_mean(name, names)}"

    def _check_slot(self, port: PortState, slot: int | None) -> None:
        if not port.is_connected:
            return
        if port.length is None:
            if slot is not None:
                msg = (
                    f"Port '{port.name}' is a scalar port, but slot {slot} was given. Omit the"
                    " slot, or connect the port to a component with one dimension more."
                )
                raise PortError(msg)
        elif slot is None:
            msg = (
                f"Port '{port.name}' is a vector port of length {port.length}, but no slot was"
                " given. Pass one, e.g. slot=0."
            )
            raise PortError(msg)
        elif not hasattr(slot, "__index__"):
            msg = (
                f"The slot of port '{port.name}' must be an integer, but it is {slot!r}, a"
                f" {type(slot).__name__}. Pass e.g. slot=0."
            )
            raise PortError(msg)
        else:
            _check_range(port, slot, port.length)


def default_for(port: PortState, default: Message | None) -> Message:
    """Return the default message of a model, to be received on an unconnected port.

    Raises:
        PortError: If there is no default.
    """
    if default is None:
        msg = (
            f"Tried to receive on port '{port.name}', which is not connected, and no default"
            " was given. Connect it in the yMMSL file, or pass default=Message(...)."
        )
        raise PortError(msg)
    return default


def _check_range(port: PortState, slot: int, length: int) -> None:
    # the message on the first slot of a resizable receiving port sets its length
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
