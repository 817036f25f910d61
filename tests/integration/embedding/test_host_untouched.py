"""A manager leaves the signals, logging and command line of its host program unchanged."""

import logging
import signal
import sys
import warnings

import structlog

from entrypoints.manager import Manager
from tests.support.pair import with_programs

BROKEN = "raise ValueError('oh no')\n"


def signals():
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def loggers():
    names = [None, *logging.root.manager.loggerDict]
    return {
        name: (logger.level, list(logger.handlers), logger.propagate, logger.disabled)
        for name, logger in ((name, logging.getLogger(name)) for name in names)
        if logger.level or logger.handlers or not logger.propagate or logger.disabled
    }


def surroundings():
    return {
        "signals": signals(),
        "loggers": loggers(),
        "disabled": logging.root.manager.disable,
        "structlog": (structlog.is_configured(), structlog.get_config()),
        "warnings": list(warnings.filters),
        "hook": sys.excepthook,
    }


def test_host_state_is_unchanged_during_and_after_a_run():
    before = surroundings()
    with Manager(with_programs(micro=BROKEN)) as manager:
        assert surroundings() == before
        manager.start_all()
        assert surroundings() == before
        manager.wait()
    assert surroundings() == before


def test_command_line_of_the_host_is_not_read(monkeypatch):
    argv = ["host", "--muscle-manager=nonsense", "--log-level=NONSENSE", "--help"]
    monkeypatch.setattr(sys, "argv", list(argv))
    with Manager(with_programs()) as manager:
        manager.start_all()
        assert manager.wait().succeeded
    assert sys.argv == argv


def test_embedded_manager_prints_nothing(capfd):
    with Manager(with_programs(micro=BROKEN)) as manager:
        manager.start_all()
        manager.wait()
    assert capfd.readouterr() == ("", "")
