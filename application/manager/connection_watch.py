"""Notices that an instance that the user has started is gone."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from structlog.typing import FilteringBoundLogger

from application.interfaces.clock import Scheduler, Timer
from application.manager.run_control import DISCONNECTED, RunControl
from application.manager.status_board import StatusBoard
from domain.events import InstanceState
from domain.messages import Wait


class _Loss(NamedTuple):
    """What is known of an instance that has lost its connection.

    Attributes:
        end: Ends the patience with it.
        waiting: What it waited for.
    """

    end: Timer
    waiting: Wait | None


class ConnectionWatch:
    """Gives up instances that the user has started, and whose connection stays lost.

    Of those that an agent has started, the agent tells how they end.

    Args:
        control: Knows who was started by the user, and is told who is gone.
        board: The status of each instance.
        scheduler: Calls back later.
        log: The manager's log.
        patience: Seconds that an instance has to come back.
    """

    def __init__(
        self,
        *,
        control: RunControl,
        board: StatusBoard,
        scheduler: Scheduler,
        log: FilteringBoundLogger,
        patience: float,
    ) -> None:
        self._control = control
        self._board = board
        self._scheduler = scheduler
        self._log = log
        self._patience = patience
        self._lost: dict[str, _Loss] = {}

    def note_disconnected(self, name: str) -> None:
        """Note that a registered instance has lost its connection."""
        if not self._control.awaits_by_hand(name):
            return
        self._log.warning(
            f"instance '{name}' is disconnected: {DISCONNECTED}; it counts as failed if it does"
            f" not come back within {self._patience:g} s"
        )
        end = self._scheduler.call_later(self._patience, partial(self._give_up, name))
        self._lost[name] = _Loss(end, self._board[name].waiting_for)
        self._board.change(name, InstanceState.DISCONNECTED)

    def note_connected(self, name: str) -> None:
        """Note that an instance is back."""
        loss = self._lost.pop(name, None)
        if loss is None:
            return
        loss.end.cancel()
        self._log.info(f"instance '{name}' is connected again")
        self._board.change(name, InstanceState.RUNNING)
        self._board.note_wait(name, loss.waiting)

    def _give_up(self, name: str) -> None:
        del self._lost[name]
        self._control.note_lost(
            name,
            f"{DISCONNECTED}, and did not come back within {self._patience:g} s: did its program"
            " crash?",
        )
