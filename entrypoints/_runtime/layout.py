"""The members that share the process of the head, on one machine."""

from __future__ import annotations

from application.runtime.members import Members
from domain.runtime.uids import HEAD, MONITOR, NODE, WAREHOUSE, uid_of

FIXED_MEMBERS = (HEAD, MONITOR, WAREHOUSE, uid_of(NODE, 0), uid_of(WAREHOUSE, 0))


def connect_fixed_members(members: Members, *, node: int = 0) -> None:
    """Enter the members that live as long as the run.

    Args:
        members: The members that a process knows.
        node: The index of the node, of which there is one.
    """
    assert node == 0
    for uid in FIXED_MEMBERS:
        members.connect(uid)
