"""The contract of `Logbook`."""

from abc import ABC, abstractmethod
from pathlib import Path

from conjoin.interfaces import Logbook, LogRecord


def record(text: str, level: int = 20) -> LogRecord:
    """Return a record of instance `micro[3]`."""
    return LogRecord("micro[3]", 1_795_212_216.25, level, text)


class LogbookContract(ABC):
    """Tests for a logbook."""

    @abstractmethod
    def make(self, folder: Path) -> Logbook:
        """Return a new logbook, which may store its files in a folder."""

    def test_tail_of_an_empty_logbook_is_empty(self, tmp_path: Path) -> None:
        logbook = self.make(tmp_path)
        assert logbook.tail(lines=5) == ""
        logbook.close()

    def test_tail_returns_the_last_lines_in_order(self, tmp_path: Path) -> None:
        logbook = self.make(tmp_path)
        for text in ("one", "two", "three"):
            logbook.write(record(text))
        lines = logbook.tail(lines=2).splitlines()
        assert [line.rsplit(": ", 1)[1] for line in lines] == ["two", "three"]
        logbook.close()

    def test_multi_line_text_counts_as_several_lines(self, tmp_path: Path) -> None:
        logbook = self.make(tmp_path)
        logbook.write(record("Error:\n  cause\n  cure"))
        assert logbook.tail(lines=2) == "  cause\n  cure"
        logbook.close()

    def test_unusual_records_are_accepted(self, tmp_path: Path) -> None:
        logbook = self.make(tmp_path)
        logbook.write(record("half a surrogate \ud800 and größer", level=12345))
        logbook.write(LogRecord("micro", float("nan"), 30, ""))
        logbook.write(LogRecord("micro", 1e300, 30, "last"))
        assert logbook.tail(lines=1).endswith("micro: last")
        logbook.close()

    def test_closed_logbook_can_be_read_and_drops_new_records(self, tmp_path: Path) -> None:
        logbook = self.make(tmp_path)
        logbook.write(record("last"))
        logbook.close()
        logbook.write(record("too late"))
        logbook.close()
        assert logbook.tail(lines=5).endswith("last")
