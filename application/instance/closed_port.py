"""The error of an instance that receives on a port that its peer has closed."""

from __future__ import annotations

from domain.coupling.messages import NOT_COUNTED, PeerMessage
from domain.coupling.peers import Endpoint
from domain.coupling.ports import port_label
from domain.errors import PeerFinished, PortClosed
from domain.wording import counted, ordinal


def closed_port_error(
    receiver: Endpoint, *, sender: Endpoint, last: PeerMessage, is_certain: bool
) -> PortClosed:
    """Return an error that describes why no further message arrives.

    Args:
        receiver: Our endpoint.
        sender: The peer's endpoint.
        last: The message that closed the port. A peer that fails does not count it.
        is_certain: Whether a peer that counts it has finished normally.
    """
    where = port_label(receiver.port, receiver.slot)
    if last.number == NOT_COUNTED or not is_certain:
        return PortClosed(
            f"Port {where} was closed while trying to receive on it, did the peer crash? If"
            f" '{sender.instance}' finished normally, '{receiver.instance}' tries to receive more"
            f" messages on '{where}' than it sends."
        )
    sent = counted(last.number, "message") if last.number else "no message"
    return PeerFinished(
        f"'{sender.instance}' finished after sending {sent} on"
        f" '{port_label(sender.port, sender.slot)}'; '{receiver.instance}' waits for a"
        f" {ordinal(last.number + 1)} on '{where}'. Do both make the same number of steps?"
    )
