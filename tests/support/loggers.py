"""Loggers for tests."""

import logging

import pytest
import structlog
from structlog.typing import FilteringBoundLogger


class RecordingLink:
    """Records the messages for the manager's log."""

    def __init__(self):
        self.records = []

    def submit_log_message(self, record):
        self.records.append(record)


@pytest.fixture
def bare_root_logger(nothing_left_behind):
    """Remove all handlers from the root logger, and restore them after the test."""
    root, conjoin = logging.getLogger(), logging.getLogger("conjoin")
    before = (root.handlers[:], root.level, conjoin.level)
    root.handlers = []
    yield
    added = [handler for handler in root.handlers if handler not in before[0]]
    root.handlers = before[0]
    for handler in added:  # pytest's own handlers stay open
        handler.close()
    root.setLevel(before[1])
    conjoin.setLevel(before[2])


def silent_log() -> FilteringBoundLogger:
    """Return a log that drops everything."""
    log: FilteringBoundLogger = structlog.wrap_logger(structlog.PrintLogger(), processors=[_drop])
    return log


def _drop(*_: object) -> object:
    raise structlog.DropEvent
