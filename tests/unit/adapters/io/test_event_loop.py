"""Watched sockets, scheduled calls, and isolation of errors between calls."""

import functools
import socket
import threading
import time
from contextlib import closing
from types import SimpleNamespace

import pytest

from adapters.io import event_loop
from adapters.io.event_loop import READABLE, WRITABLE, EventLoop
from tests.support.conditions import wait_until
from tests.unit.adapters.tcp.loopback import PATIENCE


@pytest.fixture
def reported_errors():
    return []


@pytest.fixture
def loop(reported_errors):
    loop = EventLoop("loop")
    loop.on_error(reported_errors.append)
    loop.start()
    with closing(loop):
        yield loop


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def on_its_thread(loop, action):
    """Run a function on the loop's thread, and wait for it."""
    done = threading.Event()
    loop.call_soon(lambda: (action(), done.set()))
    assert done.wait(PATIENCE)


def test_unwatched_socket_calls_no_callback(loop, pair):
    ours, theirs = pair
    heard = []
    on_its_thread(loop, lambda: loop.watch(ours, lambda: heard.append(ours.recv(1))))
    theirs.sendall(b"a")
    wait_until(lambda: bool(heard))
    on_its_thread(loop, lambda: loop.unwatch(ours))
    theirs.sendall(b"b")
    on_its_thread(loop, lambda: None)
    assert heard == [b"a"]
    assert ours.recv(1) == b"b"


def test_socket_watched_for_writing_can_then_be_watched_for_reading(loop, pair):
    ours, theirs = pair
    seen = []

    def written():
        seen.append("writable")
        loop.watch(ours, lambda: seen.append(ours.recv(1)), events=READABLE)

    theirs.sendall(b"a")
    on_its_thread(loop, lambda: loop.watch(ours, written, events=WRITABLE))
    wait_until(lambda: len(seen) == 2)
    assert seen == ["writable", b"a"]


def test_overdue_timer_fires_after_pending_input(loop, pair, monkeypatch):
    ours, theirs = pair
    seen = []

    def schedule_and_delay():
        loop.watch(ours, lambda: seen.append(ours.recv(1)))
        loop.call_later(10.0, lambda: seen.append("too late"))
        theirs.sendall(b"a")
        late = SimpleNamespace(monotonic=lambda: time.monotonic() + 20.0)
        monkeypatch.setattr(event_loop, "time", late)

    loop.call_soon(schedule_and_delay)
    wait_until(lambda: len(seen) == 2)
    assert seen == [b"a", "too late"]


def test_close_soon_closes_a_socket_on_the_loop_thread_or_immediately_without_one(pair):
    ours, theirs = pair
    loop = EventLoop("loop")
    loop.close_soon(ours)
    assert ours.fileno() == -1
    loop.start()
    on_its_thread(loop, lambda: loop.watch(theirs, lambda: None, events=WRITABLE))
    loop.close_soon(theirs)
    wait_until(lambda: theirs.fileno() == -1)
    loop.close()


def test_error_in_a_callback_that_closed_its_socket_does_not_stop_the_loop(
    loop, pair, reported_errors
):
    ours, theirs = pair

    def close_and_fail():
        loop.unwatch(ours)
        ours.close()
        raise ZeroDivisionError("oops")

    loop.call_soon(lambda: loop.watch(ours, close_and_fail))
    theirs.sendall(b"x")
    wait_until(lambda: bool(reported_errors))
    on_its_thread(loop, lambda: None)


def test_exception_in_a_call_is_logged_with_a_traceback_and_the_loop_continues(
    loop, reported_errors
):
    loop.call_soon(lambda: 1 / 0)
    on_its_thread(loop, lambda: None)
    (message,) = reported_errors
    assert message.startswith("internal error: Traceback")
    assert "ZeroDivisionError" in message


def test_at_end_call_runs_on_the_loop_thread_while_closing(reported_errors):
    seen = []
    loop = EventLoop("loop")
    loop.at_end(lambda: seen.append((loop.is_this_thread, loop.is_closing)))
    loop.start()
    assert not loop.is_this_thread
    loop.close()
    assert seen == [(True, True)]


def test_loop_can_be_closed_by_one_of_its_calls(reported_errors):
    ended = threading.Event()
    loop = EventLoop("loop")
    loop.on_error(reported_errors.append)
    loop.at_end(ended.set)
    loop.start()
    loop.call_soon(lambda: loop.call_later(0.01, loop.close))
    assert ended.wait(PATIENCE)
    loop.close()
    assert reported_errors == []


def test_loop_is_running_between_start_and_close():
    loop = EventLoop("loop")
    before = loop.is_running
    loop.start()
    meanwhile = loop.is_running
    loop.close()
    assert (before, meanwhile, loop.is_running) == (False, True, False)


def test_close_is_idempotent_and_allowed_before_start():
    loop = EventLoop("loop")
    loop.close()
    loop.close()
    loop.call_soon(lambda: None)


def test_timers_fire_between_many_calls():
    loop = EventLoop("loop", turn=-1.0)  # each turn ends after one call
    seen = []
    done = threading.Event()

    def begin():
        loop.call_later(0.0, lambda: seen.append("timer"))
        for number in range(3):
            loop.call_soon(lambda number=number: seen.append(number))
        loop.call_soon(done.set)

    with closing(loop):
        loop.call_soon(begin)
        loop.start()
        assert done.wait(PATIENCE)
    assert [item for item in seen if item != "timer"] == [0, 1, 2]
    assert seen.index("timer") < seen.index(2)


def test_late_timer_fires_after_the_input_that_arrived_while_the_process_was_suspended(
    monkeypatch, pair
):
    """The input takes several turns of the loop, like a connection that has to be accepted."""
    monkeypatch.setattr(event_loop, "GRACE", 0.2)
    ours, theirs = pair
    seen = []
    shift = 0.0
    monotonic = time.monotonic
    monkeypatch.setattr(event_loop.time, "monotonic", lambda: monotonic() + shift)
    loop = EventLoop("loop")
    loop.watch(ours, lambda: seen.append(ours.recv(1)))
    loop.call_later(3600.0, lambda: seen.append(b"timer"))
    shift = 7200.0
    theirs.sendall(b"ab")
    loop.start()
    with closing(loop):
        wait_until(lambda: len(seen) == 3)
    assert seen == [b"a", b"b", b"timer"]


def test_other_calls_are_made_between_background_calls(loop):
    made = []
    done = threading.Event()

    def in_background(number):
        made.append(number)
        loop.call_soon(lambda: made.append(f"after {number}"))

    def begin():
        for number in (1, 2):
            loop.call_in_background(functools.partial(in_background, number))
        loop.call_in_background(done.set)

    loop.call_soon(begin)
    assert done.wait(60)
    assert made == [1, "after 1", 2, "after 2"]
