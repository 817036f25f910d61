"""Contract of InstanceLog."""

import logging
from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from adapters.in_memory.instance_log import InMemoryInstanceLog
from adapters.python_logging.instance_log import PythonInstanceLog
from application.interfaces.instance_log import InstanceLog
from tests.support.loggers import RecordingLink, bare_root_logger

__all__ = ["bare_root_logger"]

LEVELS = ("LOCAL", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "DISABLE")
NASTY = "50 % done, %s and %d and {} \x00 \u2603\na second line"  # only what stdout can encode


class InstanceLogContract(ABC):
    """Subclass it for each adapter."""

    @abstractmethod
    def make(self, folder: Path) -> InstanceLog:
        """Return a log that may write files into a folder."""

    @abstractmethod
    def logged_messages(self) -> list[tuple[int, str]]:
        """Return level and text of all logged messages, with all levels enabled."""

    @pytest.fixture
    def log(self, tmp_path):
        log = self.make(tmp_path)
        log.set_levels(local="DEBUG", remote="DEBUG")
        return log

    def test_messages_are_logged_in_order(self, log):
        log.log(logging.INFO, "one")
        log.log(logging.ERROR, "two")
        assert self.logged_messages() == [(logging.INFO, "one"), (logging.ERROR, "two")]

    def test_unusual_message_does_not_raise(self, log):
        log.log(logging.WARNING, NASTY)
        assert self.logged_messages() == [(logging.WARNING, NASTY)]

    @pytest.mark.parametrize("level", LEVELS)
    def test_levels_are_set_by_name(self, log, level):
        log.set_levels(local=level, remote="INFO")
        log.set_levels(local="INFO", remote=level)

    @pytest.mark.parametrize("levels", [("LOUD", "INFO"), ("INFO", "LOUD")])
    def test_unknown_level_is_rejected_by_name(self, log, levels):
        with pytest.raises(ValueError, match="'LOUD'"):
            log.set_levels(local=levels[0], remote=levels[1])

    def test_invalid_level_changes_nothing(self, log):
        with pytest.raises(ValueError, match="LOUD"):
            log.set_levels(local="DISABLE", remote="LOUD")
        log.log(logging.DEBUG, "still here")
        assert self.logged_messages() == [(logging.DEBUG, "still here")]


class TestInMemoryInstanceLog(InstanceLogContract):
    def make(self, folder):
        self.log_ = InMemoryInstanceLog()
        return self.log_

    def logged_messages(self):
        return self.log_.lines


@pytest.mark.usefixtures("bare_root_logger")
class TestPythonInstanceLog(InstanceLogContract):
    def make(self, folder):
        self.link = RecordingLink()
        return PythonInstanceLog("micro[0]", self.link, None)  # type: ignore[arg-type]

    def logged_messages(self):
        return [(record.level, record.text) for record in self.link.records]

    def test_unusual_message_does_not_raise(self, log, capsys):
        super().test_unusual_message_does_not_raise(log)
        assert all(record.instance == "micro[0]" for record in self.link.records)

    def test_local_and_remote_levels_filter_independently(self, log, capsys):
        log.set_levels(local="ERROR", remote="INFO")
        for level in (logging.DEBUG, logging.INFO, logging.ERROR):
            log.log(level, f"at {level}")
        assert self.logged_messages() == [(20, "at 20"), (40, "at 40")]

    def test_records_of_the_model_are_sent_to_the_manager(self, log):
        logging.getLogger("a.model").error("%d broken", 3)
        assert self.logged_messages() == [(logging.ERROR, "3 broken")]
