"""What is printed goes to where it is read, as long as anybody reads."""

import io
import subprocess
import sys

import pytest

from entrypoints._command_line.console import complain, say, warn


def test_each_has_its_stream(capsys: pytest.CaptureFixture[str]):
    say("one")
    warn("two")
    complain("three")
    assert capsys.readouterr() == ("one\nWarning: two\n", "three\n")


def test_control_characters_are_printed_as_escapes(capsys: pytest.CaptureFixture[str]):
    say("\x1b]0;title\x07\nnext")
    complain("\u202eover\x9bride")
    assert capsys.readouterr() == ("\\x1b]0;title\\x07\nnext\n", "\\u202eover\\x9bride\n")


def test_nothing_can_come_between_a_text_and_the_end_of_its_line(monkeypatch: pytest.MonkeyPatch):
    written: list[str] = []

    class Noting(io.StringIO):
        def write(self, text: str) -> int:
            written.append(text)
            return len(text)

    monkeypatch.setattr(sys, "stdout", Noting())
    say("one\ntwo")
    assert [text for text in written if text] == ["one\ntwo\n"]


@pytest.mark.parametrize(("tell", "stream"), [("say", "stdout"), ("complain", "stderr")])
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
    program = "from entrypoints._command_line.console import say\nsay('one')\nsay('two')"
    with open("/dev/full", "w") as full:
        assert subprocess.run([sys.executable, "-c", program], stdout=full).returncode == 0
