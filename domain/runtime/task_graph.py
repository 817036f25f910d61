"""The tasks of one owner that have not ended: what each waits for, and when to send it.

Events in, instructions out. A task waits for its needs (tasks or anything else that has a key),
and, within its lane, for the tasks added before it. A lane holds the calls of one caller to one
actor, so that these are sent in the order in which they were made, whatever they wait for.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.runtime.task_states import TaskState


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Send a task to its worker."""

    task: str


@dataclass(frozen=True, slots=True)
class EndDependent:
    """End a task without running it, because one of its needs failed or was cancelled.

    Attributes:
        task: The task, which has left the graph.
        state: FAILED, or CANCELLED.
        need: The key of the need.
    """

    task: str
    state: TaskState
    need: str


Instruction = Dispatch | EndDependent


@dataclass(slots=True)
class _Node:
    order: int
    task: str
    lane: str | None
    missing: set[str]
    state: TaskState = TaskState.PENDING


@dataclass(slots=True)
class _Lane:
    """The tasks of a lane that wait to be sent, and how many are at the worker."""

    window: int | None = None
    waiting: deque[_Node] = field(default_factory=deque)
    sent: int = 0
    held: bool = False

    @property
    def is_open(self) -> bool:
        return not self.held and (self.window is None or self.sent < self.window)


class TaskGraph:
    """Decides when each task is sent."""

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        self._dependents: dict[str, list[str]] = {}
        self._lanes: dict[str, _Lane] = {}
        self._added = 0

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, task: str) -> bool:
        return task in self._nodes

    def state(self, task: str) -> TaskState:
        """Return the state of a task that has not ended.

        Raises:
            KeyError: If it is unknown, or has ended.
        """
        return self._nodes[task].state

    def limit(self, lane: str, window: int) -> None:
        """Let at most so many tasks of a lane be at their worker at any time."""
        self._lanes.setdefault(lane, _Lane()).window = window

    def add(self, task: str, *, lane: str | None, needs: Iterable[str]) -> list[Instruction]:
        """Add a task.

        Args:
            task: Its uid.
            lane: The lane that fixes its order; None if it has none.
            needs: Keys of what it waits for. Leave out what is there already.
        """
        self._added += 1
        node = _Node(self._added, task, lane, set(needs))
        self._nodes[task] = node
        for need in node.missing:
            self._dependents.setdefault(need, []).append(task)
        if lane is None:
            return self._advance_single(node)
        self._lanes.setdefault(lane, _Lane()).waiting.append(node)
        return self._advance(lane)

    def start(self, task: str) -> None:
        """Record that the worker runs a task. Ignored for a task that is not queued."""
        node = self._nodes.get(task)
        if node is not None and node.state is TaskState.QUEUED:
            node.state = TaskState.RUNNING

    def settle(self, key: str, state: TaskState) -> list[Instruction]:
        """Record that a task, or another need, ended in a final state."""
        instructions: list[Instruction] = []
        ended = deque([(key, state)])
        while ended:
            name, how = ended.popleft()
            instructions += self._remove(name)
            for dependent in self._dependents.pop(name, ()):
                node = self._nodes.get(dependent)
                if node is None or name not in node.missing:
                    continue
                if how is TaskState.DONE:
                    node.missing.discard(name)
                    instructions += self._advance_node(node)
                else:
                    instructions.append(EndDependent(dependent, how, name))
                    ended.append((dependent, how))
        return instructions

    def hold(self, lane: str) -> None:
        """Send nothing more of a lane until it is released: its actor is being restarted."""
        self._lanes.setdefault(lane, _Lane()).held = True

    def release(self, lane: str) -> list[Instruction]:
        """Send the tasks of a lane again."""
        self._lanes.setdefault(lane, _Lane()).held = False
        return self._advance(lane)

    def return_to_queue(self, task: str) -> list[Instruction]:
        """Take a sent task back, to send it again in its old place.

        Raises:
            KeyError: If it is unknown, or has ended.
        """
        node = self._nodes[task]
        was_sent = node.state is not TaskState.PENDING
        node.state = TaskState.PENDING
        if node.lane is None:
            return self._advance_single(node)
        if was_sent:
            lane = self._lanes[node.lane]
            lane.sent -= 1
            ordered = list(lane.waiting)
            insort(ordered, node, key=lambda item: item.order)
            lane.waiting = deque(ordered)
        return self._advance(node.lane)

    def forget_lane(self, lane: str) -> None:
        """Remove a lane that has no tasks left. Ignored while it has some."""
        entry = self._lanes.get(lane)
        if entry is not None and not entry.waiting and not entry.sent:
            del self._lanes[lane]

    def _remove(self, task: str) -> list[Instruction]:
        node = self._nodes.pop(task, None)
        if node is None:
            return []
        for need in node.missing:
            dependents = self._dependents.get(need)
            if dependents is not None and task in dependents:
                dependents.remove(task)
        if node.lane is None:
            return []
        lane = self._lanes[node.lane]
        if node.state is TaskState.PENDING:
            lane.waiting.remove(node)
        else:
            lane.sent -= 1
        return self._advance(node.lane)

    def _advance_node(self, node: _Node) -> list[Instruction]:
        return self._advance_single(node) if node.lane is None else self._advance(node.lane)

    def _advance_single(self, node: _Node) -> list[Instruction]:
        if node.missing or node.state is not TaskState.PENDING:
            return []
        node.state = TaskState.QUEUED
        return [Dispatch(node.task)]

    def _advance(self, name: str) -> list[Instruction]:
        lane = self._lanes[name]
        instructions: list[Instruction] = []
        while lane.waiting and lane.is_open and not lane.waiting[0].missing:
            node = lane.waiting.popleft()
            node.state = TaskState.QUEUED
            lane.sent += 1
            instructions.append(Dispatch(node.task))
        return instructions
