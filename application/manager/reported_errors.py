"""Recognises log messages that the description of a failed run will contain."""

from __future__ import annotations

from domain.coupling.messages import LogRecord
from domain.running.failure_kinds import FailureKind
from domain.running.log_levels import LogLevel
from domain.running.run_state.failures import infer_kind


class ReportedErrors:
    """Recognises errors that need not be shown while a run is ending.

    The cause of a failed run is shown once, at its end. Until it is known, the first error on the
    terminal could be that of an instance which failed only because it lost a peer.
    """

    def __init__(self) -> None:
        self._reported: dict[str, str] = {}

    def note_report(self, instance: str, problem: str) -> None:
        """Record the failure that an instance has reported."""
        self._reported[instance] = problem.strip()

    def includes(self, record: LogRecord) -> bool:
        """Whether a log record repeats the failure of its instance, or is about a lost peer."""
        if record.level < LogLevel.ERROR:
            return False
        is_repeated = self._reported.get(record.instance) == record.text.strip()
        return is_repeated or infer_kind(record.text) is FailureKind.LOST_PEER
