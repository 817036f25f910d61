"""The part of a traceback that a user sees."""

import sys
import traceback

import pytest

from domain.errors import PortError, RemoteProtocolError
from entrypoints._instance.tracebacks import hide_internals, print_without_internals


def fail_deep_inside(error):
    raise error


@hide_internals
def method(error):
    """Fails."""
    fail_deep_inside(error)


def fail_because_of(error):
    try:
        method(error)
    except PortError as cause:
        text = "mine"
        raise ValueError(text) from cause


@pytest.fixture(autouse=True)
def restored_hook(monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)


def functions_in(caught):
    return [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


def test_traceback_of_a_user_error_ends_at_the_call():
    with pytest.raises(PortError, match="no port") as caught:
        method(PortError("no port"))
    assert "fail_deep_inside" not in functions_in(caught)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("error", [RemoteProtocolError("odd"), ZeroDivisionError("ours")])
def test_internal_error_keeps_its_full_traceback(error):
    with pytest.raises(type(error)) as caught:
        method(error)
    assert "fail_deep_inside" in functions_in(caught)


def test_wrapped_method_keeps_its_name_docstring_and_result():
    assert (method.__name__, method.__doc__) == ("method", "Fails.")
    assert hide_internals(lambda one, *, other: (one, other))(1, other=2) == (1, 2)


def test_user_error_is_printed_without_frames_of_ours(capsys):
    with pytest.raises(ValueError, match="mine") as caught:
        fail_because_of(PortError("no port"))
    assert sys.excepthook is print_without_internals
    sys.excepthook(caught.type, caught.value, caught.tb)
    printed = capsys.readouterr().err
    assert "PortError: no port" in printed
    assert "ValueError: mine" in printed
    assert "tracebacks.py" not in printed.replace("test_tracebacks.py", "")


def test_excepthook_of_the_user_is_kept(monkeypatch):
    monkeypatch.setattr(sys, "excepthook", print)
    with pytest.raises(PortError):
        method(PortError("no port"))
    assert sys.excepthook is print
