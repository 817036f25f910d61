"""Reading what other processes print to a pipe, and detecting the end."""

import os

import pytest

from adapters.filesystem import output_pipe
from adapters.filesystem.output_pipe import OutputPipe


@pytest.fixture
def pipe(tmp_path):
    with OutputPipe(tmp_path / "pipe") as pipe:
        yield pipe


def test_output_is_read_in_order_until_it_ends(pipe):
    for text in ("one\n", "größer\n"):
        pipe.path.write_text(text, encoding="utf-8")
    pipe.no_more()
    assert "".join(pipe.texts()) == "one\ngrößer\n"


def test_output_ends_when_the_last_writer_closes_the_pipe(pipe):
    with pipe.path.open("w") as file:
        pipe.no_more()
        file.write("late")
    assert "".join(pipe.texts()) == "late"


def test_character_split_between_two_reads_is_decoded(pipe, monkeypatch):
    monkeypatch.setattr(output_pipe, "CHUNK", 1)
    pipe.path.write_bytes("ö☃".encode())
    pipe.no_more()
    assert "".join(pipe.texts()) == "ö☃"


def test_undecodable_bytes_are_replaced(pipe):
    pipe.path.write_bytes(b"a\xffb\xc3")
    pipe.no_more()
    assert "".join(pipe.texts()) == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"


def test_no_more_is_idempotent(pipe):
    pipe.no_more()
    pipe.no_more()
    assert "".join(pipe.texts()) == ""


def test_pipe_is_accessible_by_its_owner_only(pipe):
    assert pipe.path.stat().st_mode & 0o777 == 0o600


def test_existing_file_is_an_error_and_is_not_changed(tmp_path):
    path = tmp_path / "pipe"
    path.write_text("theirs")
    with pytest.raises(FileExistsError):
        OutputPipe(path)
    assert path.read_text() == "theirs"


def test_writer_without_a_reader_gets_an_error(tmp_path):
    with OutputPipe(tmp_path / "pipe") as pipe:
        writer = os.open(pipe.path, os.O_WRONLY)
    with pytest.raises(BrokenPipeError):
        os.write(writer, b"x")
    os.close(writer)
