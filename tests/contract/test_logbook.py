"""What every Logbook promises."""

from abc import ABC, abstractmethod
from pathlib import Path

from adapters.filesystem.logbook import FilesystemLogbook
from adapters.in_memory.logbook import InMemoryLogbook
from application.interfaces.logbook import Logbook
from domain.coupling.messages import LogRecord


def record(text: str, level: int = 20) -> LogRecord:
    return LogRecord("micro[3]", 1_795_212_216.25, level, text)


class LogbookContract(ABC):
    """To be subclassed for each adapter."""

    @abstractmethod
    def make(self, folder: Path) -> Logbook:
        """Return a new logbook."""

    def test_an_empty_one_has_an_empty_tail(self, tmp_path):
        logbook = self.make(tmp_path)
        assert logbook.tail(lines=5) == ""
        logbook.close()

    def test_the_tail_is_the_last_lines_in_order(self, tmp_path):
        logbook = self.make(tmp_path)
        for text in ("one", "two", "three"):
            logbook.write(record(text))
        lines = logbook.tail(lines=2).splitlines()
        assert [line.rsplit(": ", 1)[1] for line in lines] == ["two", "three"]
        logbook.close()

    def test_a_text_of_several_lines_counts_as_several(self, tmp_path):
        logbook = self.make(tmp_path)
        logbook.write(record("Error:\n  cause\n  cure"))
        assert logbook.tail(lines=2) == "  cause\n  cure"
        logbook.close()

    def test_odd_records_are_taken(self, tmp_path):
        logbook = self.make(tmp_path)
        logbook.write(record("half a surrogate \ud800 and größer", level=12345))
        logbook.write(LogRecord("micro", float("nan"), 30, ""))
        logbook.write(LogRecord("micro", 1e300, 30, "last"))
        assert logbook.tail(lines=1).endswith("micro: last")
        logbook.close()

    def test_after_close_it_can_be_read_and_drops_what_comes(self, tmp_path):
        logbook = self.make(tmp_path)
        logbook.write(record("last"))
        logbook.close()
        logbook.write(record("too late"))
        logbook.close()
        assert logbook.tail(lines=5).endswith("last")


class TestInMemoryLogbook(LogbookContract):
    def make(self, folder):
        return InMemoryLogbook()


class TestFilesystemLogbook(LogbookContract):
    def make(self, folder):
        return FilesystemLogbook(folder / "muscle3_manager.log")
