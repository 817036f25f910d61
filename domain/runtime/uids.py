"""Uids of the members of a run, such as `worker:0:1@3fa9c2d1`.

A uid is a role and indices. Those of nodes, workers and their warehouses also name one life of
the process, after an `@`: a replacement has the same role and indices in another life.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

HEAD: Final = "head"
MONITOR: Final = "monitor"
NODE: Final = "node"
WAREHOUSE: Final = "warehouse"
WORKER: Final = "worker"


def node_index(uid: str) -> int:
    """Return the index of the node that a member is on; head and monitor are on the first one."""
    indices = indices_of(uid)
    return indices[0] if indices else 0


def uid_of(role: str, indices: int | Iterable[int] = (), *, life: str = "") -> str:
    """Return the uid of a member.

    Args:
        role: Its role, such as `worker`.
        indices: Its indices, or its one index.
        life: The life of its process; empty for the plain form.
    """
    numbers = (indices,) if isinstance(indices, int) else indices
    text = ":".join([role, *(str(number) for number in numbers)])
    return f"{text}@{life}" if life else text


def plain(uid: str) -> str:
    """Return a uid without the life of its process."""
    return uid.partition("@")[0]


def role_of(uid: str) -> str:
    """Return the role in a uid."""
    return plain(uid).partition(":")[0]


def indices_of(uid: str) -> tuple[int, ...]:
    """Return the indices in a uid.

    Raises:
        ValueError: If one of them is not a number.
    """
    return tuple(int(index) for index in plain(uid).split(":")[1:])
