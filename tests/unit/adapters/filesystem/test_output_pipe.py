"""Reading what other processes print to a pipe, and detecting the end."""

import os

import pytest

from adapters.filesystem import output_pipe
from adapters.filesystem.output_pipe import OutputPipe


@pytest.fixture
def pipe(tmp_path):
    with OutputPipe(tmp_path / "pipe") as pipe:
        yield pipe


def test_what_is_printed_comes_out_in_order_and_then_it_ends(pipe):
    for text in ("one\n", "größer\n"):
        pipe.path.write_text(text, encoding="utf-8")
    pipe.no_more()
    assert "".join(pipe.texts()) == "one\ngrößer\n"


def test_it_ends_when_the_last_who_has_it_open_closes_it(pipe):
    with pipe.path.open("w") as file:
        pipe.no_more()
        file.write("late")
    assert "".join(pipe.texts()) == "late"


def test_a_character_may_come_in_pieces(pipe, monkeypatch):
    monkeypatch.setattr(output_pipe, "CHUNK", 1)
    pipe.path.write_bytes("ö☃".encode())
    pipe.no_more()
    assert "".join(pipe.texts()) == "ö☃"


def test_bytes_that_are_no_text_are_marked(pipe):
    pipe.path.write_bytes(b"a\xffb\xc3")
    pipe.no_more()
    assert "".join(pipe.texts()) == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"


def test_no_more_may_be_said_twice(pipe):
    pipe.no_more()
    pipe.no_more()
    assert "".join(pipe.texts()) == ""


def test_nobody_else_may_read_or_write_it(pipe):
    assert pipe.path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_in_the_way_is_an_error_and_stays(tmp_path):
    path = tmp_path / "pipe"
    path.write_text("theirs")
    with pytest.raises(FileExistsError):
        OutputPipe(path)
    assert path.read_text() == "theirs"


def test_a_writer_without_a_reader_is_told_so(tmp_path):
    with OutputPipe(tmp_path / "pipe") as pipe:
        writer = os.open(pipe.path, os.O_WRONLY)
    with pytest.raises(BrokenPipeError):
        os.write(writer, b"x")
    os.close(writer)
