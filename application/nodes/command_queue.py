"""Commands on their way to an agent."""

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

    An agent that waits without a command gets a heartbeat (None) from time to time.

    Args:
        scheduler: Calls back later.
        heartbeat: Seconds until a heartbeat.
        on_reply: Called with each command, or None, when the agent has got it.
    """

    def __init__(self, *, scheduler: Scheduler, heartbeat: float, on_reply: Reply) -> None:
        self._scheduler = scheduler
        self._heartbeat = heartbeat
        self._on_reply = on_reply
        self._commands: deque[Command] = deque()
        self._waiting: Reply | None = None
        self._timer: Timer | None = None

    def add(self, command: Command) -> None:
        """Deliver a command: now, if the agent waits for one, or when it does."""
        self._commands.append(command)
        if self._waiting is not None:
            self.reply(self._commands.popleft())

    def fetch(self, reply: Reply) -> None:
        """Reply with the next command, once there is one; or with a heartbeat."""
        # an agent polls once at a time, so a poll that still waits was replaced by this one
        self.reply(None)
        self._waiting = reply
        if self._commands:
            self.reply(self._commands.popleft())
        else:
            self._timer = self._scheduler.call_later(self._heartbeat, partial(self.reply, None))

    def reply(self, command: Command | None) -> None:
        """Reply to the agent, if it waits."""
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
