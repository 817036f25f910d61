"""Queues commands for an agent."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TypeAlias, final

from application.interfaces.clock import Scheduler, Timer
from domain.running.agents import Command, StartCommand

Reply: TypeAlias = Callable[[Command | None], None]


@final
class CommandQueue:
    """Holds the commands for one agent, which fetches them by long polling.

    While there is no command, a waiting agent periodically gets a heartbeat (None).

    Args:
        scheduler: Schedules callbacks.
        heartbeat: Seconds without a command until a heartbeat.
        on_reply: Called with each command (or None) when it has been sent to the agent.
    """

    def __init__(self, *, scheduler: Scheduler, heartbeat: float, on_reply: Reply) -> None:
        self._scheduler = scheduler
        self._heartbeat = heartbeat
        self._on_reply = on_reply
        self._commands: deque[Command] = deque()
        self._waiting: Reply | None = None
        self._timer: Timer | None = None

    def add(self, command: Command) -> None:
        """Deliver a command: now if the agent waits for one, otherwise when it next fetches one."""
        self._commands.append(command)
        if self._waiting is not None:
            self.reply(self._commands.popleft())

    def fetch(self, reply: Reply) -> None:
        """Reply with the next command once there is one, or with a heartbeat."""
        # an agent has one poll at a time, so this one replaces any poll that still waits
        self.reply(None)
        self._waiting = reply
        if self._commands:
            self.reply(self._commands.popleft())
        else:
            self._timer = self._scheduler.call_later(self._heartbeat, partial(self.reply, None))

    def reply(self, command: Command | None) -> None:
        """Reply to the agent if it is waiting."""
        reply, self._waiting = self._waiting, None
        if reply is None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        reply(command)
        self._on_reply(command)

    def take_back_starts(self) -> list[str]:
        """Take back commands to start processes; return the names of these processes."""
        commands, self._commands = self._commands, deque()
        self._commands.extend(item for item in commands if not isinstance(item, StartCommand))
        return [item.name for item in commands if isinstance(item, StartCommand)]

    def clear(self) -> None:
        """Drop all commands."""
        self._commands.clear()
