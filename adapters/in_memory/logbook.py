"""A run's log that is kept in a list."""

from __future__ import annotations

from typing import final

from typing_extensions import override

from application.interfaces.logbook import Logbook
from domain.coupling.messages import LogRecord


@final
class InMemoryLogbook(Logbook):
    """Records everything that is written before `close`.

    Attributes:
        records: The written records, in order.
        closed: Whether `close` was called.
    """

    def __init__(self) -> None:
        self.records: list[LogRecord] = []
        self.closed = False

    @override
    def write(self, record: LogRecord) -> None:
        if not self.closed:
            self.records.append(record)

    @override
    def tail(self, *, lines: int) -> str:
        text = "\n".join(f"{record.instance}: {record.text}" for record in self.records)
        return "\n".join(text.splitlines()[-lines:])

    @override
    def close(self) -> None:
        self.closed = True
