"""The manager's log."""

import logging

import pytest

from adapters.in_memory.logbook import InMemoryLogbook
from domain.errors import ConfigurationError
from entrypoints.log_setup import MANAGER, make_log


@pytest.fixture
def logbook():
    return InMemoryLogbook()


def written(logbook):
    return [(record.instance, record.level, record.text) for record in logbook.records]


def test_event_is_logged_as_a_line_with_its_values(logbook):
    make_log(logbook, "INFO").info("instance registered", instance="macro", port=None, count=3)
    assert written(logbook) == [
        (MANAGER, logging.INFO, "instance registered instance='macro' count=3")
    ]


def test_records_below_the_log_level_are_dropped(logbook):
    log = make_log(logbook, "warning")
    for write in (log.debug, log.info, log.warning, log.error, log.critical):
        write("x")
    assert [level for _, level, _ in written(logbook)] == [30, 40, 50]


def test_unknown_log_level_is_rejected_with_the_valid_ones(logbook):
    with pytest.raises(
        ConfigurationError, match=r"level 'loud' does not exist\. Use one of DEBUG, INFO"
    ):
        make_log(logbook, "loud")


def test_two_managers_have_separate_logs(logbook):
    other = InMemoryLogbook()
    make_log(logbook, "DEBUG").debug("mine")
    make_log(other, "ERROR").error("theirs")
    assert [text for _, _, text in written(logbook)] == ["mine"]
    assert [text for _, _, text in written(other)] == ["theirs"]
