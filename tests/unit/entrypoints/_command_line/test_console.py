"""What is printed goes to where it is read, as long as anybody reads."""

import io
import subprocess
import sys

import pytest

from entrypoints._command_line.console import print_error, print_text, warn


def test_each_has_its_stream(capsys: pytest.CaptureFixture[str]):
    print_text("one")
    warn("two")
    print_error("three")
    assert capsys.readouterr() == ("one\nWarning: two\n", "three\n")


def test_nothing_can_come_between_a_text_and_the_end_of_its_line(monkeypatch: pytest.MonkeyPatch):
    written: list[str] = []

    class Noting(io.StringIO):
        def write(self, text: str) -> int:
            written.append(text)
            return len(text)

    monkeypatch.setattr(sys, "stdout", Noting())
    print_text("one\ntwo")
    assert [text for text in written if text] == ["one\ntwo\n"]


@pytest.mark.parametrize(("tell", "stream"), [("print_text", "stdout"), ("print_error", "stderr")])
def test_a_reader_that_has_gone_is_no_error(tell: str, stream: str):
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


def test_a_full_disk_is_no_error():
    module = "entrypoints._command_line.console"
    program = f"from {module} import print_text\nprint_text('one')\nprint_text('two')"
    with open("/dev/full", "w") as full:
        assert subprocess.run([sys.executable, "-c", program], stdout=full).returncode == 0
