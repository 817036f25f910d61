"""The effect of Ctrl-C during startup."""

import signal

import pytest

from entrypoints.bootstrap import let_ctrl_c_end_us


@pytest.fixture(autouse=True)
def restored():
    old = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, old)


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
    let_ctrl_c_end_us()
    assert signal.getsignal(signal.SIGINT) is after
