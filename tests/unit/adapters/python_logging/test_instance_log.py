"""The destinations of a model's log, and its format."""

import logging
import re
import sys

import pytest

from adapters.python_logging.instance_log import PythonInstanceLog
from tests.support.loggers import RecordingLink, bare_root_logger

__all__ = ["bare_root_logger"]
pytestmark = pytest.mark.usefixtures("bare_root_logger")


def make(log_file=None, *, own=()):
    logging.getLogger().handlers = list(own)  # without the handlers that pytest adds for each test
    link = RecordingLink()
    return PythonInstanceLog("micro[0]", link, None if log_file is None else str(log_file)), link


def test_log_goes_to_stderr_without_a_log_file(capsys):
    log, _ = make()
    log.log(logging.ERROR, "it broke")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}: ERROR conjoin: it broke\n", capsys.readouterr().err
    )


def test_default_levels_log_information_locally_and_warnings_at_the_manager(capsys):
    log, link = make()
    for level in (logging.DEBUG, logging.INFO, logging.WARNING):
        log.log(level, f"at {level}")
    assert [line.rsplit(": ", 1)[1] for line in capsys.readouterr().err.splitlines()] == [
        "at 20",
        "at 30",
    ]
    assert [record.text for record in link.records] == ["at 30"]


def test_given_log_file_is_overwritten(tmp_path, capsys):
    path = tmp_path / "mine.log"
    path.write_text("of the last run\n")
    log, _ = make(path)
    log.log(logging.INFO, "begun")
    assert path.read_text().endswith("INFO conjoin: begun\n")
    assert "last run" not in path.read_text()
    assert capsys.readouterr().err == ""


def test_log_file_is_created_with_its_first_line(tmp_path):
    make(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_log_record_has_instance_level_and_time():
    log, link = make()
    log.log(logging.ERROR, "it broke")
    (record,) = link.records
    assert (record.instance, record.level) == ("micro[0]", logging.ERROR)
    assert record.time > 1.6e9


def test_log_levels_are_case_insensitive():
    log, link = make()
    log.set_levels(local="disable", remote="debug")
    log.log(logging.DEBUG, "small")
    assert [record.text for record in link.records] == ["small"]


def test_traceback_is_sent_to_the_manager():
    _, link = make()
    try:
        raise ZeroDivisionError("of the model")
    except ZeroDivisionError:
        logging.getLogger("a.model").exception("It broke")
    (record,) = link.records
    assert record.text.startswith("It broke\nTraceback")
    assert record.text.endswith("ZeroDivisionError: of the model")


def test_record_that_cannot_be_formatted_does_not_end_the_model(monkeypatch, capsys):
    # otherwise Python's own handlers report the formatting error
    monkeypatch.setattr(logging, "raiseExceptions", False)
    _, link = make()
    logging.getLogger("a.model").error("%d", "no number")
    assert link.records == []
    assert "no number" not in capsys.readouterr().err


def test_model_that_logs_to_stdout_writes_nothing_to_stderr(capsys):
    log, _ = make(own=[logging.StreamHandler(sys.stdout)])
    log.log(logging.ERROR, "it broke")
    assert capsys.readouterr() == ("it broke\n", "")


def test_log_file_is_created_in_a_given_directory(tmp_path):
    log, _ = make(tmp_path)
    log.set_levels(local="WARNING", remote="DISABLE")
    log.log(logging.INFO, "quiet")
    log.log(logging.WARNING, "loud")
    text = (tmp_path / "muscle3.micro[0].log").read_text()
    assert text.endswith("WARNING conjoin: loud\n")
    assert "quiet" not in text


def test_logging_configured_by_the_model_is_kept():
    own = logging.NullHandler()
    make(own=[own])
    handlers = logging.getLogger().handlers
    assert handlers[0] is own
    assert len(handlers) == 2
