"""The format of the manager's log, which scripts parse."""

from pathlib import Path

import pytest

from adapters.filesystem.logbook import FilesystemLogbook
from domain.coupling.messages import LogRecord
from domain.errors import ConfigurationError
from tests.support.time_zones import time_zone


@pytest.fixture
def log_file(tmp_path):
    return tmp_path / "muscle3_manager.log"


@pytest.fixture
def utc():
    with time_zone("UTC"):
        yield


@pytest.mark.usefixtures("utc")
def test_log_line_has_columns_for_instance_time_level_and_message(log_file):
    logbook = FilesystemLogbook(log_file)
    logbook.write(LogRecord("micro[3]", 1_795_212_216.25, 30, "Slow"))
    logbook.write(LogRecord("muscle_manager", 0.0, 50, "Deadlock"))
    logbook.write(LogRecord("macro", 0.0, 17, "Odd level"))
    logbook.close()
    assert log_file.read_text() == (
        "micro[3]       2026-11-20 22:03:36,250 WARNING micro[3]: Slow\n"
        "muscle_manager 1970-01-01 00:00:00,000 CRITICAL muscle_manager: Deadlock\n"
        "macro          1970-01-01 00:00:00,000 INFO    macro: Odd level\n"
    )


def test_log_line_is_in_the_file_as_soon_as_it_is_written(log_file):
    logbook = FilesystemLogbook(log_file)
    logbook.write(LogRecord("macro", 0.0, 20, "now"))
    assert log_file.read_text().endswith("macro: now\n")
    logbook.close()


def test_existing_log_file_is_appended_to(log_file):
    log_file.write_text("before\n")
    FilesystemLogbook(log_file).close()
    assert log_file.read_text() == "before\n"


def test_log_file_that_cannot_be_created_is_named_in_the_error(tmp_path):
    with pytest.raises(ConfigurationError, match=r"absent/log' cannot be written: No such file"):
        FilesystemLogbook(tmp_path / "absent" / "log")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_full_disk_loses_only_the_line():
    logbook = FilesystemLogbook(Path("/dev/full"))
    logbook.write(LogRecord("macro", 0.0, 20, "lost"))
    logbook.close()


def test_log_message_cannot_fake_a_second_record_or_control_the_terminal(log_file):
    logbook = FilesystemLogbook(log_file)
    fake = "muscle_manager 2026-01-01 00:00:00,000 INFO    muscle_manager: completed"
    logbook.write(LogRecord("macro\n\x1b[2J", 0.0, 20, f"\x1b]0;title\x07\n{fake}\r\n {fake}\x85x"))
    logbook.close()
    assert log_file.read_text().splitlines() == [
        r"macro\n\x1b[2J 1970-01-01 00:00:00,000 INFO    macro\n\x1b[2J: \x1b]0;title\x07",
        f"    {fake}",
        rf"     {fake}\x85x",
    ]


def test_control_characters_of_an_older_log_are_escaped_in_the_tail(log_file):
    log_file.write_text("before\n\x1b[31mred\n")
    logbook = FilesystemLogbook(log_file)
    assert logbook.tail(lines=1) == r"\x1b[31mred"
    logbook.close()
