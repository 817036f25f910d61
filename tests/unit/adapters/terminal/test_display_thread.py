"""The thread that shows a run."""

import threading

from adapters.terminal.display_thread import ShowingThread

PATIENCE = 60.0
LONG = 3600.0


def test_display_is_refreshed_repeatedly():
    shown = threading.Semaphore(0)
    thread = ShowingThread(shown.release, name="showing", period=0.001)
    for _ in range(3):
        assert shown.acquire(timeout=PATIENCE)
    thread.close()


def test_last_state_is_shown_once_on_close():
    shown = []
    thread = ShowingThread(lambda: shown.append(1), name="showing", period=LONG)
    thread.close()
    thread.close()
    assert shown == [1]


def test_display_thread_ends_when_its_stream_is_gone():
    for error in (BrokenPipeError(), ValueError("I/O operation on closed file")):
        calls = []
        is_tried = threading.Event()

        def show(calls=calls, error=error, is_tried=is_tried):
            calls.append(1)
            is_tried.set()
            raise error

        thread = ShowingThread(show, name="showing", period=0.001)
        assert is_tried.wait(PATIENCE)
        thread.close()
        assert calls == [1]


def test_display_thread_has_the_given_name():
    thread = ShowingThread(lambda: None, name="a run is shown", period=LONG)
    assert "a run is shown" in [item.name for item in threading.enumerate()]
    thread.close()
