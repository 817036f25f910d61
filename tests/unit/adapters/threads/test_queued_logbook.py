"""A logbook whose disk may be slow, or never respond."""

import os
import threading

import pytest

from adapters.filesystem.logbook import FilesystemLogbook
from adapters.in_memory.logbook import InMemoryLogbook
from adapters.threads.queued_logbook import RECORD_SIZE, QueuedLogbook
from domain.coupling.messages import LogRecord
from tests.support.conditions import PATIENCE, wait_until


def record(text: str) -> LogRecord:
    return LogRecord("macro", 0.0, 20, text)


class StalledLogbook:
    """Blocks in `write` until the disk responds."""

    def __init__(self) -> None:
        self.disk_responds = threading.Event()
        self.is_closed = False
        self._book = InMemoryLogbook()

    def write(self, record):
        assert self.disk_responds.wait(PATIENCE)
        self._book.write(record)

    def tail(self, *, lines):
        return self._book.tail(lines=lines)

    def close(self):
        self.is_closed = True

    @property
    def texts(self):
        return [record.text for record in self._book.records]


@pytest.fixture
def disk():
    disk = StalledLogbook()
    yield disk
    disk.disk_responds.set()
    wait_until(is_writer_gone)


def is_writer_gone() -> bool:
    return all(thread.name != "conjoin-log" for thread in threading.enumerate())


def test_writing_returns_while_the_disk_is_stalled(disk):
    book = QueuedLogbook(disk)
    for text in "abc":
        book.write(record(text))
    assert disk.texts == []
    disk.disk_responds.set()
    book.close()
    assert disk.texts == ["a", "b", "c"]
    assert disk.is_closed


def test_dropped_records_are_counted_in_the_log(disk):
    book = QueuedLogbook(disk, max_pending=3 * (RECORD_SIZE + 1))
    for number in range(10):
        book.write(record(str(number)))
    disk.disk_responds.set()
    book.tail(lines=1)
    book.write(record("x"))
    book.close()
    assert disk.texts == [
        "0",
        "1",
        "2",
        "7 records of the log could not be written in time, because the disk is too slow",
        "x",
    ]


def test_records_dropped_before_the_end_are_counted_as_well(disk):
    book = QueuedLogbook(disk, max_pending=1)
    for text in "ab":
        book.write(record(text))
    disk.disk_responds.set()
    book.close()
    assert disk.texts[0] == "a"
    assert disk.texts[1].startswith("1 record of the log")


def test_closing_gives_up_on_a_stalled_disk(disk):
    book = QueuedLogbook(disk, flush_time=0.01)
    book.write(record("a"))
    assert book.tail(lines=1) == ""
    book.close()
    assert not disk.is_closed
    disk.disk_responds.set()
    wait_until(lambda: disk.is_closed)


def test_pipe_without_a_reader_does_not_block_the_writer(tmp_path):
    """A named pipe that is never read stalls like a disk that never responds."""
    path = tmp_path / "log"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    book = QueuedLogbook(FilesystemLogbook(path), flush_time=0.01)
    for _ in range(100):
        book.write(record("x" * 10_000))
    book.close()
    os.close(reader)  # ends the thread's write
    wait_until(is_writer_gone)
