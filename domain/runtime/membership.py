"""The members of a run that are alive, as one of them sees it."""

from __future__ import annotations

from dataclasses import dataclass

from domain.runtime.uids import indices_of, plain, role_of


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the run.

    Attributes:
        uid: Its uid, with the life of its process if it has one.
        address: Its host name or IP address.
        port: Its TCP port; 0 if it has none.
    """

    uid: str
    address: str = "localhost"
    port: int = 0


@dataclass(frozen=True, slots=True)
class Joined:
    """A member has joined."""

    member: Member


@dataclass(frozen=True, slots=True)
class Left:
    """A member has left, or is lost, or a new life has replaced it."""

    member: Member


class Membership:
    """Knows the live members, at most one life of each.

    The plain form of a uid means the live one wherever it is accepted.

    Args:
        own: The uid of the member that this object belongs to.
    """

    def __init__(self, own: str) -> None:
        self._own = own
        self._members: dict[str, Member] = {}
        self._ordered: dict[str, tuple[Member, ...]] = {}
        self._ended: set[str] = set()

    @property
    def members(self) -> tuple[Member, ...]:
        """All live members, ordered by role and index."""
        return tuple(sorted(self._members.values(), key=_order))

    def of_role(self, role: str) -> tuple[Member, ...]:
        """Return the live members of one role, ordered by index."""
        # each task needs the workers, and members change rarely
        if role not in self._ordered:
            found = (item for item in self.members if role_of(item.uid) == role)
            self._ordered[role] = tuple(found)
        return self._ordered[role]

    def find(self, uid: str) -> Member:
        """Return a live member by its uid or the plain form of it.

        Raises:
            KeyError: If there is none, or if the uid is that of another life.
        """
        member = self._members.get(plain(uid))
        if member is None or uid not in (member.uid, plain(uid)):
            raise KeyError(uid)
        return member

    def is_live(self, uid: str) -> bool:
        """Return whether `find` finds a uid."""
        member = self._members.get(plain(uid))
        return member is not None and uid in (member.uid, plain(uid))

    def has_ended(self, uid: str) -> bool:
        """Return whether this life of a member has been removed."""
        return uid in self._ended

    def connect(self, member: Member) -> list[Joined | Left]:
        """Add a member, which replaces an earlier life of itself.

        A duplicate is ignored, as is a life that was removed before: its announcement was late.
        """
        key = plain(member.uid)
        former = self._members.get(key)
        if former == member or member.uid in self._ended:
            return []
        events: list[Joined | Left] = []
        if former is not None and former.uid != member.uid:
            events += self.disconnect(former.uid)
        self._members[key] = member
        self._ordered.clear()
        return [*events, Joined(member)]

    def disconnect(self, uid: str) -> list[Joined | Left]:
        """Remove a member. Ignored if it is unknown, or if the uid is that of another life."""
        if not self.is_live(uid):
            return []
        member = self._members.pop(plain(uid))
        self._ordered.clear()
        if member.uid != plain(uid):
            self._ended.add(member.uid)
        return [Left(member)]


def _order(member: Member) -> tuple[str, tuple[int, ...]]:
    return role_of(member.uid), indices_of(member.uid)
