"""The members of the run, as this process sees them."""

from __future__ import annotations

from collections.abc import Callable

from application.runtime.correspondence import Correspondence
from domain.runtime.hosts import HEAD, LossReason
from domain.runtime.membership import Joined, Left, Member, Membership
from domain.runtime.task_errors import disconnected
from domain.runtime.uids import NODE, WORKER, indices_of, plain, role_of

Listener = Callable[[str, LossReason | None], None]


class Members:
    """Keeps the table of live members, and reports changes.

    Args:
        correspondence: Ends the requests that a lost member owes.
    """

    def __init__(self, *, correspondence: Correspondence) -> None:
        self._correspondence = correspondence
        self._members = Membership(correspondence.own)
        self._on_left: list[Listener] = []
        self._on_joined: list[Callable[[str], None]] = []

    @property
    def own(self) -> str:
        """The uid of this process."""
        return self._correspondence.own

    def notify(
        self, *, joined: Callable[[str], None] | None = None, left: Listener | None = None
    ) -> None:
        """Call back for each member that joins, or leaves, from now on.

        Args:
            joined: Called with its uid.
            left: Called with its uid and the reason, if there is one.
        """
        if joined is not None:
            self._on_joined.append(joined)
        if left is not None:
            self._on_left.append(left)

    def connect(self, uid: str, *, address: str = "localhost", port: int = 0) -> None:
        """Add a member; see `Membership.connect`."""
        self._report(self._members.connect(Member(uid, address, port)), None)

    def disconnect(self, uid: str, reason: LossReason | None = None) -> None:
        """Remove a member, and end what it owes. Ignored if it is unknown."""
        if self._members.is_live(uid) and reason is not None:
            self._correspondence.lose(self._members.find(uid).uid, reason)
        self._report(self._members.disconnect(uid), reason)

    def all(self) -> tuple[Member, ...]:
        """Return all live members, ordered by role and index."""
        return self._members.members

    def workers(self) -> list[str]:
        """Return the uids of the live workers, ordered by index."""
        return [member.uid for member in self._members.of_role(WORKER)]

    def nodes(self) -> list[str]:
        """Return the uids of the live nodes, ordered by index."""
        return [member.uid for member in self._members.of_role(NODE)]

    def find(self, uid: str) -> Member:
        """Return a live member by its uid, in either form.

        Raises:
            KeyError: If there is none.
        """
        return self._members.find(uid)

    def is_live(self, uid: str) -> bool:
        """Return whether `find` finds it."""
        return self._members.is_live(uid)

    def host_of(self, uid: str) -> str:
        """Return the uid of the process in which a member lives.

        Raises:
            RuntimeDisconnectedError: If it is gone.
            KeyError: If it is unknown.
        """
        if self._members.is_live(uid):
            found = self._members.find(uid).uid
            # Monitor, node and warehouses of the only machine share the process of the head.
            return found if role_of(found) == WORKER else HEAD
        if self._members.has_ended(uid):
            raise disconnected(uid, self._correspondence.reason(uid))
        raise KeyError(uid)

    def node_of(self, uid: str) -> str | None:
        """Return the uid of the node that a worker is on; None for other members."""
        if role_of(uid) != WORKER:
            return None
        index = indices_of(uid)[0]
        return next((node for node in self.nodes() if indices_of(node) == (index,)), None)

    def same(self, uid: str, other: str) -> bool:
        """Return whether two uids mean the same live member, in either form."""
        return uid == other or (
            plain(uid) == plain(other) and self.is_live(uid) and self.is_live(other)
        )

    def _report(self, events: list[Joined | Left], reason: LossReason | None) -> None:
        for event in events:
            if isinstance(event, Joined):
                for joined in self._on_joined:
                    joined(event.member.uid)
            else:
                for left in self._on_left:
                    left(event.member.uid, reason)
