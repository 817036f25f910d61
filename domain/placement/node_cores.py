"""Keeps track of which instances use which cores of one node.

Cores are grouped by their users, so that the cores of thousands of instances are compared in few
operations. All users of a core take turns with each other, so the index of each is a prefix of the
longest one, which is the only one to compare with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from domain.model.component_masks import ComponentMask, bits

CoreMask: TypeAlias = int
"""A set of cores of a node: bit `n` stands for its core at position `n`, in order of number."""

Index: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Applicant:
    """An instance that needs cores.

    Attributes:
        component: The number of its component.
        index: Its index.
        partners: The components with whose instances it may share cores, if the common indices
            are equal.
    """

    component: int
    index: Index
    partners: ComponentMask = 0


@dataclass(frozen=True, slots=True)
class _Users:
    """The users of a core.

    Attributes:
        components: Their components.
        index: The longest of their indices; None if they do not take turns.
    """

    components: ComponentMask
    index: Index | None


class NodeCores:
    """The cores of one node.

    Args:
        count: Number of cores.

    Attributes:
        full: All cores.
        free: The cores without a user.
        components: The components whose instances use cores.
    """

    __slots__ = ("_by_components", "_users", "components", "free", "full")

    def __init__(self, count: int) -> None:
        self.full: CoreMask = (1 << count) - 1
        self.free = self.full
        self.components: ComponentMask = 0
        self._users: dict[int, _Users] = {}
        self._by_components: dict[ComponentMask, _Group] = {}

    def shareable(self, applicant: Applicant) -> CoreMask:
        """Return the cores that are used only by instances that take turns with this one."""
        result = 0
        if self.components & applicant.partners:
            for components, group in self._by_components.items():
                if not components & ~applicant.partners:
                    result |= group.agreeing(applicant.index)
        return result

    def give(self, applicant: Applicant, cores: CoreMask) -> None:
        """Record that an instance uses cores.

        Args:
            applicant: The instance.
            cores: The cores; others may use them too.
        """
        component = 1 << applicant.component
        self.components |= component
        fresh = cores & self.free
        self.free &= ~cores
        self._put(fresh, _Users(component, applicant.index))
        left = cores & ~fresh
        while left:
            users = self._users[(left & -left).bit_length() - 1]
            same = self._take(users, left)
            index = _longest(users.index, applicant.index)
            self._put(same, _Users(users.components | component, index))
            left &= ~same

    def _put(self, cores: CoreMask, users: _Users) -> None:
        for core in bits(cores):
            self._users[core] = users
        if cores and users.index is not None:
            group = self._by_components.setdefault(users.components, _Group())
            group.add(users.index, cores)

    def _take(self, users: _Users, cores: CoreMask) -> CoreMask:
        """Take away cores with the same users, and return them."""
        if users.index is None:
            return cores & -cores
        group = self._by_components[users.components]
        taken = group.take(users.index, cores)
        if group.is_empty:
            del self._by_components[users.components]
        return taken


class _Group:
    """Cores that instances of the same components use, by the longest index of these instances."""

    __slots__ = ("_exactly", "_from")

    def __init__(self) -> None:
        self._exactly: dict[Index, CoreMask] = {}
        self._from: dict[Index, CoreMask] = {}

    @property
    def is_empty(self) -> bool:
        return not self._from

    def agreeing(self, index: Index) -> CoreMask:
        """Return the cores of instances whose common indices are equal."""
        result = self._from.get(index, 0)
        for length in range(len(index)):
            result |= self._exactly.get(index[:length], 0)
        return result

    def add(self, index: Index, cores: CoreMask) -> None:
        self._exactly[index] = self._exactly.get(index, 0) | cores
        for length in range(len(index) + 1):
            start = index[:length]
            self._from[start] = self._from.get(start, 0) | cores

    def take(self, index: Index, cores: CoreMask) -> CoreMask:
        taken = self._exactly[index] & cores
        _remove(self._exactly, index, taken)
        for length in range(len(index) + 1):
            _remove(self._from, index[:length], taken)
        return taken


def _remove(masks: dict[Index, CoreMask], index: Index, cores: CoreMask) -> None:
    masks[index] &= ~cores
    if not masks[index]:
        del masks[index]


def _longest(one: Index | None, other: Index) -> Index | None:
    """Return the longer index; None if the common indices differ."""
    if one is None or one[: len(other)] != other[: len(one)]:
        return None
    return max(one, other, key=len)
