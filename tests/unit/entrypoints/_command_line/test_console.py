"""Standard streams of the command line, also when their reader has gone."""

import io
import subprocess
import sys

import pytest

from entrypoints._command_line.console import print_error, print_text, warn


def test_messages_and_warnings_go_to_stdout_and_errors_to_stderr(
    capsys: pytest.CaptureFixture[str],
):
    print_text("one")
    warn("two")
    print_error("three")
    assert capsys.readouterr() == ("one\nWarning: two\n", "three\n")


def test_control_characters_are_printed_as_escapes(capsys: pytest.CaptureFixture[str]):
    print_text("\x1b]0;title\x07\nnext")
    print_error("\u202eover\x9bride")
    assert capsys.readouterr() == ("\\x1b]0;title\\x07\nnext\n", "\\u202eover\\x9bride\n")


def test_line_is_written_with_its_end_in_one_call(monkeypatch: pytest.MonkeyPatch):
    written: list[str] = []

    class RecordingStream(io.StringIO):
        def write(self, text: str) -> int:
            written.append(text)
            return len(text)

    monkeypatch.setattr(sys, "stdout", RecordingStream())
    print_text("one\ntwo")
    assert [text for text in written if text] == ["one\ntwo\n"]


@pytest.mark.parametrize(("tell", "stream"), [("print_text", "stdout"), ("print_error", "stderr")])
def test_closed_pipe_is_ignored(tell: str, stream: str):
    module = "entrypoints._command_line.console"
    program = f"from {module} import {tell}\ninput()\n{tell}('one')\n{tell}('two')"
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, **{stream: subprocess.PIPE}
    )
    getattr(process, stream).close()
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.close()
    assert process.wait(60) == 0


def test_full_disk_is_ignored():
    module = "entrypoints._command_line.console"
    program = f"from {module} import print_text\nprint_text('one')\nprint_text('two')"
    with open("/dev/full", "w") as full:
        assert subprocess.run([sys.executable, "-c", program], stdout=full).returncode == 0
