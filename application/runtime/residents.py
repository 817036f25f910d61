"""The objects in this process, and the processes that refer to them."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakValueDictionary

from domain.runtime.reference_counts import ReferenceCounts

ACTOR = "tessera"
TASK = "task"
VALUE = "value"


class Residents:
    """The table of resident objects, with a count of references for each.

    An object is released when the last holder has given it up: the release function of its type
    is called.
    """

    def __init__(self) -> None:
        self._objects: dict[str, tuple[str, object]] = {}
        self._offered: dict[str, WeakValueDictionary[str, object]] = {}
        self._counts = ReferenceCounts()
        self._release: dict[str, Callable[[str, object], None]] = {}

    def on_release(self, kind: str, release: Callable[[str, object], None]) -> None:
        """Call a function with uid and object for each object of a type that is released."""
        self._release[kind] = release

    def enter(self, kind: str, uid: str, item: object) -> object:
        """Enter an object, and return the object entered under that uid: the first one."""
        return self._objects.setdefault(uid, (kind, item))[1]

    def offer(self, kind: str, uid: str, item: object) -> None:
        """Let others hold an object, which is entered when the first of them does.

        Until then, nothing keeps it here.
        """
        self._offered.setdefault(kind, WeakValueDictionary())[uid] = item

    def find(self, kind: str, uid: str) -> object:
        """Return a resident or offered object.

        Raises:
            KeyError: If there is none of that type.
        """
        found = self.get(kind, uid)
        if found is None:
            msg = f"{kind} {uid} does not exist here"
            raise KeyError(msg)
        return found

    def get(self, kind: str, uid: str) -> object | None:
        """Return a resident or offered object, or None."""
        entry = self._objects.get(uid)
        if entry is not None:
            return entry[1] if entry[0] == kind else None
        offered = self._offered.get(kind)
        return None if offered is None else offered.get(uid)

    def all_of(self, kind: str) -> list[object]:
        """Return all resident objects of a type."""
        return [item for entry_kind, item in self._objects.values() if entry_kind == kind]

    def remove(self, uid: str) -> None:
        """Remove an object, with its counts, without releasing it. Ignored if unknown."""
        self._objects.pop(uid, None)
        self._counts.forget(uid)

    def increase(self, holder: str, uid: str) -> bool:
        """Count one more reference, and return whether the object exists."""
        if uid not in self._objects and not self._accept(uid):
            return False
        self._counts.increase(holder, uid)
        return True

    def decrease(self, holder: str, uid: str) -> None:
        """Count one reference less."""
        self._released(self._counts.decrease(holder, uid))

    def remove_holder(self, holder: str) -> None:
        """Remove all references of a member that is gone."""
        self._released(self._counts.remove_holder(holder))

    def pass_on(self, holder: str, keeper: str) -> bool:
        """Count what a holder has for another; return whether it has anything."""
        return self._counts.pass_on(holder, keeper)

    def total(self, uid: str) -> int:
        """Return how often an object is held."""
        return self._counts.total(uid)

    def _accept(self, uid: str) -> bool:
        """Enter an object that was offered; return whether there is one."""
        for kind, offered in self._offered.items():
            item = offered.get(uid)
            if item is not None:
                self.enter(kind, uid, item)
                return True
        return False

    def _released(self, uids: list[str]) -> None:
        for uid in uids:
            entry = self._objects.pop(uid, None)
            if entry is not None and entry[0] in self._release:
                self._release[entry[0]](uid, entry[1])
