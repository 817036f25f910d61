"""The processes of a run that a process may exchange frames with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.runtime.errors import HostLost, Unreachable
from domain.runtime.hosts import LossReason

MAX_EARLY_FRAMES: Final = 10_000


class Peers:
    """Tracks which processes are expected, and which are lost.

    The frames of a new process can arrive before the head's notice that it is expected. They are
    kept until then.

    Args:
        uids: The processes that are expected from the beginning.
    """

    def __init__(self, uids: Sequence[str] = ()) -> None:
        self._expected = set(uids)
        self._joined = set(uids)
        self._lost: dict[str, LossReason] = {}
        self._early: dict[str, list[bytes]] = {}

    def __contains__(self, uid: str) -> bool:
        return uid in self._expected

    @property
    def workers(self) -> Sequence[str]:
        """The workers that handle requests, without order."""
        return [uid for uid in self._joined if uid.startswith("worker:")]

    def join(self, uid: str) -> None:
        """Note that a process that is expected handles requests."""
        if uid in self._expected:
            self._joined.add(uid)

    def expect(self, uid: str) -> Sequence[bytes]:
        """Add a process, and return the frames that it has sent already."""
        self._expected.add(uid)
        return self._early.pop(uid, ())

    def lose(self, uid: str, reason: LossReason) -> bool:
        """Remove a process; return whether it has joined."""
        self._early.pop(uid, None)
        self._lost[uid] = reason
        has_joined = uid in self._joined
        self._expected.discard(uid)
        self._joined.discard(uid)
        return has_joined

    def check(self, uid: str) -> None:
        """Raise an error unless requests can be sent to a process.

        Raises:
            HostLost: It is lost.
            Unreachable: It does not exist.
        """
        if uid in self._expected:
            return
        reason = self._lost.get(uid)
        if reason is not None:
            raise HostLost(uid, reason, perhaps_done=False)
        raise Unreachable(f"there is no host '{uid}' in this run")

    def keep_early(self, uid: str, frame: bytes) -> bool:
        """Keep a frame of a process that is not expected yet; return whether that was possible."""
        if uid in self._lost or sum(map(len, self._early.values())) >= MAX_EARLY_FRAMES:
            return False
        self._early.setdefault(uid, []).append(frame)
        return True
