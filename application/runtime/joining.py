"""How a runtime joins the network, and leaves it."""

from __future__ import annotations

from collections.abc import Mapping

from application.runtime.comms import Comms
from application.runtime.identity import Identity
from application.runtime.members import Members
from application.runtime.runtime_proxy import RuntimeProxy
from domain.runtime.uids import plain


class Joining:
    """Keeps the peers of one runtime.

    Args:
        identity: The runtime.
        members: The members of its process.
        comms: Reaches peers.
    """

    def __init__(self, *, identity: Identity, members: Members, comms: Comms) -> None:
        self._identity = identity
        self._members = members
        self._comms = comms

    async def hand(self, sender_id: str, address: str, port: int) -> None:
        """Register the sender: answer with `shake`, and announce it to all with `connect`.

        A sender that is registered already is answered again.
        """
        network = {peer.uid: (peer.address, peer.port) for peer in self._members.all()}
        is_new = not self._members.is_live(sender_id)
        self._members.connect(sender_id, address=address, port=port)
        await self._comms.call(sender_id, "shake", {"network": network}, reply=False)
        if not is_new:
            return
        announcement = {"uid": sender_id, "address": address, "port": port}
        for uid in self._members.workers():
            if uid != sender_id and uid != self._members.own:
                await self._comms.call(uid, "connect", announcement, reply=False)

    def shake(self, sender_id: str, network: Mapping[str, tuple[str, int]]) -> None:
        """Connect to each peer of `{uid: (address, port)}`."""
        for uid, (address, port) in network.items():
            self.connect(sender_id, uid=uid, address=address, port=port)

    def connect(self, sender_id: str, uid: str, address: str, port: int) -> None:
        """Add a peer. Itself is ignored; a uid of an earlier life is replaced."""
        del sender_id
        if plain(uid) != plain(self._identity.uid):
            self._members.connect(uid, address=address, port=port)

    def disconnect(self, sender_id: str, uid: str) -> None:
        """Remove a peer and what it holds. Unknown ones are ignored."""
        del sender_id
        self._members.disconnect(uid)

    def proxy_from_uid(self, uid: str, proxy: RuntimeProxy | None = None) -> RuntimeProxy:
        """Return the registered proxy; register this one, or a new one, if necessary."""
        return self._comms.registered(uid, proxy)

    def remove_proxy_from_uid(self, uid: str, proxy: RuntimeProxy | None = None) -> None:
        """Remove a registered proxy. Absent ones are ignored."""
        del proxy
        self._comms.remove(uid)

    @property
    def address(self) -> str:
        """The host name or IP address of this runtime for others."""
        return self._comms.address

    @property
    def port(self) -> int:
        """Its TCP port; 0 with Unix sockets."""
        return self._comms.port

    @property
    def pubsub_port(self) -> int:
        """The TCP port of the monitor's announcements; 0 with Unix sockets."""
        return self._comms.pubsub_port

    def get_comms(self) -> Comms:
        """Return the communications of the process."""
        return self._comms

    def set_comms(self, address: str | None = None, port: int | None = None) -> None:
        """Create the communications. They exist already, so this changes nothing."""
        del address, port
