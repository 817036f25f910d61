"""Notices that an instance that the user has started is gone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from structlog.typing import FilteringBoundLogger

from application.interfaces.clock import Scheduler, Timer
from application.interfaces.instance_probe import InstanceProbe, Presence
from application.manager.registration import InstanceRegistry
from application.manager.run_control import DISCONNECTED, RunControl
from application.manager.status_board import StatusBoard
from domain.coupling.messages import Wait
from domain.identity import Reference
from domain.running.events import InstanceState

FAREWELL_TIME: Final = 5.0
"""Seconds after which an instance that seems to be gone is looked for once more, at most.

Those of MUSCLE3 close their ports when they are done, and then connect again to say so.
"""


class _Loss:
    """What is known of an instance that has lost its connection.

    Args:
        waiting: What it waited for.

    Attributes:
        timer: Ends the patience with it.
        seems_gone: Whether it was not there when it was looked for last.
        told: What has been found of it, and told to the user.
    """

    def __init__(self, waiting: Wait | None) -> None:
        self.waiting = waiting
        self.timer: Timer | None = None
        self.seems_gone = False
        self.told: set[Presence] = set()


class ConnectionWatch:
    """Gives up instances that the user has started, and that have lost their connection for good.

    A coupling library connects again only when it has something to say, which may take hours. So
    it is looked whether the program is still there before it is given up.

    Of those that an agent has started, the agent tells how they end.

    Args:
        control: Knows who was started by the user, and is told who is gone.
        registry: Knows where each instance can be reached.
        probe: Looks whether an instance is still there.
        board: The status of each instance.
        scheduler: Calls back later.
        log: The manager's log.
        warn: Tells the user something, and the log too.
        patience: Seconds that an instance has to come back, before it is looked for.
    """

    def __init__(
        self,
        *,
        control: RunControl,
        registry: InstanceRegistry,
        probe: InstanceProbe,
        board: StatusBoard,
        scheduler: Scheduler,
        log: FilteringBoundLogger,
        warn: Callable[[str], None],
        patience: float,
    ) -> None:
        self._control = control
        self._registry = registry
        self._probe = probe
        self._board = board
        self._scheduler = scheduler
        self._log = log
        self._warn = warn
        self._patience = patience
        self._lost: dict[str, _Loss] = {}

    def note_disconnected(self, name: str) -> None:
        """Note that a registered instance has lost its connection."""
        if not self._control.awaits_by_hand(name):
            return
        self._log.warning(
            f"instance '{name}' is disconnected: {DISCONNECTED}; if it does not come back within"
            f" {self._patience:g} s, the manager looks whether its program is still there"
        )
        loss = self._lost[name] = _Loss(self._board[name].waiting_for)
        self._wait(name, loss)
        self._board.change(name, InstanceState.DISCONNECTED)

    def note_connected(self, name: str) -> None:
        """Note that an instance is back."""
        loss = self._lost.pop(name, None)
        if loss is None:
            return
        if loss.timer is not None:
            loss.timer.cancel()
        self._log.info(f"instance '{name}' is connected again")
        self._show_as_running(name, loss)

    def _wait(self, name: str, loss: _Loss) -> None:
        patience = min(FAREWELL_TIME, self._patience) if loss.seems_gone else self._patience
        loss.timer = self._scheduler.call_later(patience, partial(self._look, name, loss))

    def _look(self, name: str, loss: _Loss) -> None:
        if self._control.awaits_by_hand(name):
            locations = self._registry.locations(Reference(name))
            self._probe.look(locations, partial(self._judge, name, loss))

    def _judge(self, name: str, loss: _Loss, presence: Presence) -> None:
        if self._lost.get(name) is not loss:
            return  # it has come back in the meantime
        if presence is Presence.GONE and loss.seems_gone:
            self._give_up(name)
            return
        loss.seems_gone = presence is Presence.GONE
        if presence not in loss.told:
            loss.told.add(presence)
            self._tell(name, loss, presence)
        self._wait(name, loss)

    def _give_up(self, name: str) -> None:
        del self._lost[name]
        self._control.note_lost(
            name,
            f"{DISCONNECTED}, did not come back, and its program is not there any more: what it"
            " printed where you started it may tell why",
        )

    def _tell(self, name: str, loss: _Loss, presence: Presence) -> None:
        if presence is Presence.GONE:
            self._log.info(
                f"instance '{name}' has not come back, and its program does not seem to be there"
                " any more"
            )
        elif presence is Presence.THERE:
            self._log.info(
                f"instance '{name}' has not come back, but its program is still there: the run goes"
                " on, and it will connect when it has something to say"
            )
            self._show_as_running(name, loss)
        else:
            self._warn(
                f"instance '{name}' has not come back, and whether its program is still there"
                " cannot be seen from here: the run goes on. If the program has ended, stop the"
                " run with Ctrl-C, or by sending the manager SIGTERM"
            )

    def _show_as_running(self, name: str, loss: _Loss) -> None:
        self._board.change(name, InstanceState.RUNNING)
        self._board.note_wait(name, loss.waiting)
