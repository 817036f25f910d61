"""Reports programs that hang: they are stopped, or do nothing for a long time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, final

from application.interfaces.clock import Scheduler, Timer
from application.manager.status_board import StatusBoard
from domain.running.activity import Activity
from domain.running.events import InstanceState, RunEvent, StatusChanged

_DOING: Final = (InstanceState.STARTED, InstanceState.RUNNING)
_ALIVE: Final = (*_DOING, InstanceState.WAITING, InstanceState.DISCONNECTED)


@final
class StallWatch:
    """Reports an instance that hangs once, and again when it continues. It never ends one.

    An instance that is stopped hangs. One that uses no CPU time hangs too, unless it waits for a
    message, or its status changes because it sends or receives.

    Args:
        stall_time: Seconds after which an instance hangs; infinite to report none.
        board: Has the status of each instance, and shows those that hang.
        reports_waits: Returns whether an instance reports that it waits for a message.
        scheduler: Measures the time.
        report: Shows a line to the user, and logs it.
    """

    def __init__(
        self,
        *,
        stall_time: float,
        board: StatusBoard,
        reports_waits: Callable[[str], bool],
        scheduler: Scheduler,
        report: Callable[[str], None],
    ) -> None:
        self._stall_time = stall_time
        self._board = board
        self._reports_waits = reports_waits
        self._scheduler = scheduler
        self._report = report
        self._activities: dict[str, Activity] = {}
        self._timers: dict[str, Timer] = {}
        self._stalled: set[str] = set()
        self._is_showing = False

    def note_activities(self, activities: Mapping[str, Activity]) -> None:
        """Record what the programs of instances are doing now, if that has changed."""
        for name, activity in activities.items():
            self._activities[name] = activity
            self._restart(name)

    def notify(self, event: RunEvent) -> None:
        """Record that the status of an instance has changed."""
        match event:
            case StatusChanged(status) if self._is_change(status.instance):
                if status.state in _ALIVE:
                    self._restart(status.instance)
                else:
                    self._stop(status.instance)
                    del self._activities[status.instance]
            case _:
                pass

    def close(self) -> None:
        """Stop all timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _is_change(self, name: str) -> bool:
        return name in self._activities and not self._is_showing

    def _restart(self, name: str) -> None:
        """Measure the time again, except for an instance that hangs and is still stopped."""
        if name in self._stalled and self._activities[name] is Activity.STOPPED:
            return
        self._stop(name)
        if self._activities[name] is not Activity.BUSY and self._stall_time != float("inf"):
            self._timers[name] = self._scheduler.call_later(
                self._stall_time, lambda: self._judge(name)
            )

    def _stop(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()
        if name in self._stalled:
            self._stalled.discard(name)
            self._show(name, "")
            if self._board[name].state in _ALIVE:
                self._report(f"Instance '{name}' continues.")

    def _judge(self, name: str) -> None:
        self._timers.pop(name, None)
        stall = self._stall_of(name)
        if stall is None:
            return
        self._stalled.add(name)
        self._show(name, stall)
        self._report(
            f"Instance '{name}' seems to hang: for {self._stall_time:g} s, it {_REASONS[stall]}."
            " The run goes on."
        )

    def _show(self, name: str, stall: str) -> None:
        self._is_showing = True  # the board notifies us of this change too
        try:
            self._board.show_stall(name, stall)
        finally:
            self._is_showing = False

    def _stall_of(self, name: str) -> str | None:
        """Return how an instance hangs, in a word; None if it does not."""
        activity, state = self._activities[name], self._board[name].state
        if activity is Activity.STOPPED:
            return "stopped" if state in _ALIVE else None
        if state not in _DOING:
            return None
        if activity is Activity.BLOCKED:
            return "blocked"
        may_wait = state is InstanceState.RUNNING and not self._reports_waits(name)
        return None if may_wait else "idle"


_REASONS: Final = {
    "stopped": "has been stopped by a signal (such as Ctrl-Z) or a debugger",
    "blocked": "has used no CPU time and sent no message, and it is blocked in the kernel (such as"
    " by a file system)",
    "idle": "has used no CPU time and sent no message",
}
