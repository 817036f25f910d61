"""Detects that an instance with MUSCLE3's library shut down because of an error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.coupling.messages import LogRecord
from domain.running.log_levels import LogLevel
from domain.running.profiling import ProfileEvent, ProfileEventType

NANOSECONDS: Final = 1e9
EXCHANGES: Final = (ProfileEventType.SEND, ProfileEventType.RECEIVE)


@dataclass
class _Trace:
    """The reports of a registered instance that may indicate an error.

    Attributes:
        error: The last message that it logged at level CRITICAL.
        last_exchange: When it last began to send or receive, in ns since the Unix epoch.
        has_ended_loop: Whether its reuse loop has ended.
        has_shut_down: Whether it has shut down.
    """

    error: LogRecord | None = None
    last_exchange: int = 0
    has_ended_loop: bool = False
    has_shut_down: bool = False


class ErrorShutdowns:
    """Detects which instances with MUSCLE3's library shut down because of an error.

    Our own library reports an error with a request that MUSCLE3's protocol lacks. When a model
    calls `error_shutdown`, or a library call fails, MUSCLE3's library

    - logs the error at level CRITICAL, which a model may do too,
    - sends and receives nothing afterwards,
    - records SHUTDOWN, but not SHUTDOWN_WAIT, in its profile. At the end of the reuse loop it
      records both; in version 0.10 only if it has F_INIT ports,
    - deregisters.

    While `muscle_profile_level` is `none`, errors are indistinguishable from messages of the
    model and are not detected.
    """

    def __init__(self) -> None:
        self._traces: dict[str, _Trace] = {}

    def watch(self, instance: str) -> None:
        """Start watching an instance that has registered with MUSCLE3's library."""
        self._traces[instance] = _Trace()

    def note_log(self, record: LogRecord) -> None:
        """Process a log record of an instance."""
        trace = self._traces.get(record.instance)
        if trace is not None and record.level >= LogLevel.CRITICAL:
            trace.error = record

    def note_events(self, instance: str, events: Sequence[ProfileEvent]) -> None:
        """Process profile events of an instance."""
        trace = self._traces.get(instance)
        if trace is None:
            return
        for event in events:
            if event.event_type in EXCHANGES:
                trace.last_exchange = max(trace.last_exchange, event.start_time)
            elif event.event_type is ProfileEventType.SHUTDOWN_WAIT:
                trace.has_ended_loop = True
            elif event.event_type is ProfileEventType.SHUTDOWN:
                trace.has_shut_down = True

    def error_of(self, instance: str) -> str | None:
        """Return the error that made an instance deregister, and stop watching it.

        Returns:
            The error that the instance logged; None if it logged none, or is not watched.
        """
        trace = self._traces.pop(instance, None)
        if trace is None or trace.error is None:
            return None
        if trace.has_ended_loop or not trace.has_shut_down:
            return None
        if trace.last_exchange > trace.error.time * NANOSECONDS:
            return None
        return trace.error.text
