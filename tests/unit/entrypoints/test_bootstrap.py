"""The effect of signals during startup."""

import signal

import pytest

from entrypoints._command_line.early_signals import REASONS, end_at_once
from entrypoints.bootstrap import let_signals_end_us


@pytest.fixture(autouse=True)
def restored():
    old = {number: signal.getsignal(number) for number in REASONS}
    yield
    for number, handler in old.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (signal.default_int_handler, signal.SIG_DFL),
        (signal.SIG_IGN, signal.SIG_IGN),
    ],
    ids=["default", "ignored"],
)
def test_ctrl_c_ends_the_process_unless_it_is_ignored(before, after):
    signal.signal(signal.SIGINT, before)
    let_signals_end_us()
    assert signal.getsignal(signal.SIGINT) is after


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    ("before", "after"),
    [(signal.SIG_DFL, end_at_once), (signal.SIG_IGN, signal.SIG_IGN)],
    ids=["default", "ignored"],
)
def test_sigterm_ends_the_process_unless_it_is_ignored(number, before, after):
    signal.signal(number, before)
    let_signals_end_us()
    assert signal.getsignal(number) is after
