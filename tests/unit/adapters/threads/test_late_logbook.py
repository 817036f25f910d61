"""A logbook that is opened when it is first used."""

from adapters.in_memory.logbook import InMemoryLogbook
from adapters.threads.late_logbook import LateLogbook
from domain.coupling.messages import LogRecord
from domain.errors import ConfigurationError

RECORD = LogRecord("muscle_agent", 0.0, 20, "started a")


class Opener:
    def __init__(self, *, fails=False):
        self.attempts = 0
        self.book = InMemoryLogbook()
        self._fails = fails

    def __call__(self):
        self.attempts += 1
        if self._fails:
            raise ConfigurationError("the log cannot be written")
        return self.book


def test_logbook_is_opened_once_by_the_first_record():
    opener = Opener()
    late = LateLogbook(opener)
    assert opener.attempts == 0
    late.write(RECORD)
    late.write(RECORD)
    assert opener.attempts == 1
    assert opener.book.records == [RECORD, RECORD]


def test_records_are_dropped_if_the_logbook_cannot_be_opened():
    opener = Opener(fails=True)
    late = LateLogbook(opener)
    late.write(RECORD)
    late.write(RECORD)
    assert late.tail(lines=5) == ""
    late.close()
    assert opener.attempts == 1


def test_unused_logbook_is_not_opened_to_be_closed():
    opener = Opener()
    late = LateLogbook(opener)
    late.close()
    late.write(RECORD)
    assert opener.attempts == 0
