"""Following the output of the command that starts the agents."""

import io
import os
import threading
from collections.abc import Iterator
from typing import IO

import pytest

from adapters.batch_agents import output_watch
from adapters.batch_agents.output_watch import Loss, OutputWatch


def lost_nodes(line: str) -> list[str]:
    return line.split()[1:] if line.startswith("lost ") else []


@pytest.fixture
def pipe() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    receiver, sender = os.pipe()
    with open(receiver, "rb", buffering=0) as reading, open(sender, "wb", buffering=0) as writing:
        yield reading, writing


def followed(pipe: tuple[IO[bytes], IO[bytes]], *parts: bytes) -> tuple[OutputWatch, list[Loss]]:
    reading, writing = pipe
    watch = OutputWatch(reading, io.BytesIO(), losses=lost_nodes)
    for part in parts:
        writing.write(part)
    writing.close()
    return watch, [loss for losses in watch.follow() for loss in losses]


def test_losses_are_found_in_lines(pipe):
    watch, losses = followed(pipe, b"hello\nlost a b\nlost", b" c")
    line = "lost a b"
    assert losses == [Loss("a", line), Loss("b", line), Loss("c", "lost c")]
    assert watch.printed == "hello\nlost a b\nlost c"


def test_empty_output_is_called_nothing(pipe):
    watch, losses = followed(pipe, b"\n")
    assert losses == []
    assert watch.printed == "nothing"


def test_only_the_last_lines_are_kept(pipe):
    watch, _ = followed(pipe, b"".join(b"line %d\n" % number for number in range(100)))
    assert watch.printed.splitlines()[0] == "line 50"


def test_undecodable_output_is_shown(pipe):
    watch, _ = followed(pipe, b"caf\xe9\n")
    assert watch.printed == "caf\N{REPLACEMENT CHARACTER}"


def test_output_is_copied(pipe):
    reading, writing = pipe
    copy = io.BytesIO()
    writing.write(b"a\xff\nb")
    writing.close()
    assert list(OutputWatch(reading, copy, losses=lost_nodes).follow()) == []
    assert copy.getvalue() == b"a\xff\nb"


def test_loss_is_reported_while_the_command_runs(pipe, monkeypatch):
    monkeypatch.setattr(output_watch, "SETTLE_TIME", 0.01)
    reading, writing = pipe
    watch = OutputWatch(reading, io.BytesIO(), losses=lost_nodes)
    writing.write(b"lost a\nbecause of b\n")
    losses = watch.follow()
    assert next(losses) == [Loss("a", "lost a")]
    assert watch.printed == "lost a\nbecause of b"
    threading.Thread(target=writing.close).start()
    assert list(losses) == []
