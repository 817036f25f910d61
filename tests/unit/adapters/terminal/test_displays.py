"""Both displays, with a stream in memory."""

import io
import subprocess
import sys
import threading

import pytest

from adapters.terminal.display import display_for
from adapters.terminal.live_panel import LivePanel
from adapters.terminal.plain_progress import PlainProgress
from domain.coupling.messages import LogRecord
from domain.running.events import InstanceState, LogRecorded
from tests.support.conditions import PATIENCE
from tests.unit.adapters.terminal.examples import changed

INSTANCES = ["macro", "micro"]
FAST = 0.001


class Stream(io.StringIO):
    """A stream, optionally a terminal, that can wait for a string to be written."""

    def __init__(self, *, is_terminal=False):
        super().__init__()
        self._is_terminal = is_terminal
        self._written = threading.Condition()

    def isatty(self):
        return self._is_terminal

    def write(self, text):
        with self._written:
            self._written.notify_all()
            return super().write(text)

    def wait_for(self, text):
        with self._written:
            assert self._written.wait_for(lambda: text in self.getvalue(), PATIENCE)


class GoneStream(io.StringIO):
    """A terminal whose other end has been closed."""

    def isatty(self):
        return True

    def write(self, text):
        raise BrokenPipeError


def test_plain_display_prints_start_status_and_end():
    stream = Stream()
    progress = PlainProgress("a_model", INSTANCES, stream=stream, period=FAST)
    stream.wait_for("Running a_model: 2 instances\n")
    progress.notify(changed("macro", InstanceState.RUNNING, simulated_time=1.5))
    stream.wait_for("1 waiting to start, 1 running; simulated time 1.5\n")
    progress.notify(LogRecorded(LogRecord("macro", 0.0, 30, "Hot")))
    stream.wait_for("macro (warning): Hot\n")
    for instance in INSTANCES:
        progress.notify(changed(instance, InstanceState.FINISHED))
    progress.close()
    assert stream.getvalue().endswith("2 finished\n")


def test_plain_display_does_not_repeat_lines():
    stream = Stream()
    progress = PlainProgress("a_model", INSTANCES, stream=stream, period=FAST)
    stream.wait_for("2 waiting to start\n")
    for number in range(3):
        progress.notify(LogRecorded(LogRecord("macro", 0.0, 30, str(number))))
        stream.wait_for(f"macro (warning): {number}\n")
    progress.close()
    assert stream.getvalue().count("2 waiting to start\n") == 1


def test_run_that_ends_immediately_is_shown_with_start_and_end():
    stream = Stream()
    progress = PlainProgress("a_model", ["macro"], stream=stream, period=3600)
    progress.notify(changed("macro", InstanceState.FINISHED))
    progress.close()
    assert stream.getvalue() == "Running a_model: 1 instance\n1 finished\n"


def test_panel_shows_the_last_state_and_restores_the_cursor(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Stream(is_terminal=True)
    panel = LivePanel("a_model", INSTANCES, stream=stream, period=FAST)
    stream.wait_for("waiting to start")
    panel.notify(changed("macro", InstanceState.RUNNING, simulated_time=1.5))
    stream.wait_for("1.5")
    panel.notify(changed("macro", InstanceState.FINISHED, simulated_time=2.5))
    panel.close()
    text = stream.getvalue()
    assert "2.5" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


@pytest.mark.parametrize("display", [LivePanel, PlainProgress])
def test_closed_stream_does_not_raise(display):
    shown = display("a_model", INSTANCES, stream=GoneStream(), period=FAST)
    shown.notify(changed("macro", InstanceState.RUNNING))
    shown.close()
    shown.close()


@pytest.mark.parametrize(
    ("is_terminal", "term", "expected"),
    [
        (True, "xterm", LivePanel),
        (True, "dumb", PlainProgress),
        (False, "xterm", PlainProgress),
    ],
)
def test_panel_is_used_on_terminals_only(monkeypatch, is_terminal, term, expected):
    monkeypatch.setenv("TERM", term)
    stream = Stream(is_terminal=is_terminal)
    display = display_for(stream, model="a_model", instances=INSTANCES)
    display.close()
    assert isinstance(display, expected)


def test_rich_is_imported_for_a_panel_only():
    program = (
        "import io, sys;"
        "from adapters.terminal.display import display_for;"
        "display_for(io.StringIO(), model='m', instances=['a']).close();"
        "sys.exit('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


@pytest.mark.parametrize("is_terminal", [True, False])
def test_display_prints_the_output_of_programs(is_terminal, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Stream(is_terminal=is_terminal)
    lines = [["[macro] 42"]]
    display = display_for(
        stream,
        model="m",
        instances=INSTANCES,
        output=lambda: lines.pop() if lines else [],
    )
    stream.wait_for("[macro] 42")
    display.close()
