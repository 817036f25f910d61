"""performance.sqlite when the disk fails, and when instances report invalid data."""

import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from adapters.sqlite.profile_store import SqliteProfileStore
from domain.coupling.ports import Operator
from domain.identity import Reference
from domain.running.profiling import ProfileEvent, ProfileEventType
from tests.support.conditions import wait_until

MACRO = Reference("macro")
SENT = ProfileEvent(ProfileEventType.SEND, 5, 7, "out", Operator.O_I)


def test_existing_profile_is_replaced(tmp_path):
    path = tmp_path / "performance.sqlite"
    path.write_text("not a database")
    store = SqliteProfileStore(path)
    store.add_instances([MACRO])
    store.close()
    with closing(sqlite3.connect(path)) as database:
        assert list(database.execute("SELECT * FROM instances")) == [(1, "macro")]


def test_profile_that_cannot_be_created_is_reported_on_close(tmp_path):
    store = SqliteProfileStore(tmp_path / "absent" / "performance.sqlite")
    store.add_instances([MACRO])
    store.add_events(MACRO, [SENT, SENT])
    with pytest.raises(OSError, match=r"profile .* incomplete.*absent.*3 rows"):
        store.close()


def test_number_beyond_64_bits_loses_only_its_own_batch(tmp_path):
    path = tmp_path / "performance.sqlite"
    store = SqliteProfileStore(path)
    store.add_instances([MACRO])
    store.add_events(MACRO, [SENT])
    store.add_events(MACRO, [SENT._replace(message_size=2**70)])
    store.add_events(MACRO, [SENT])
    with pytest.raises(OSError, match="1 rows"):
        store.close()
    with closing(sqlite3.connect(path)) as database:
        assert list(database.execute("SELECT COUNT(*) FROM events")) == [(2,)]


FILL = """
import resource, signal, sys
from tests.unit.adapters.sqlite.test_profile_store import fill_beyond
fill_beyond(sys.argv[1], 100_000)
"""


def fill_beyond(path, most_bytes):
    """Write beyond the file size limit; run this in a separate process."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    store = SqliteProfileStore(Path(path))
    store.add_instances([MACRO])
    for _ in range(50):
        store.add_events(MACRO, [SENT] * 1000)
    try:
        store.close()
    except OSError as error:
        print(error)


def test_full_disk_is_reported_on_close_and_leaves_a_readable_profile(tmp_path):
    path = tmp_path / "performance.sqlite"
    command = [sys.executable, "-c", FILL, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "The profile of this run is incomplete" in done.stdout
    assert done.stderr == ""
    with closing(sqlite3.connect(path)) as database:
        assert list(database.execute("PRAGMA integrity_check")) == [("ok",)]


def test_profile_that_cannot_be_created_is_a_problem_during_the_run(tmp_path):
    store = SqliteProfileStore(tmp_path / "absent" / "performance.sqlite")
    wait_until(lambda: "absent" in store.problem)
    assert "profile of this run is incomplete" in store.problem
    with pytest.raises(OSError, match="incomplete"):
        store.close()


def test_lost_events_are_reported_once(tmp_path):
    store = SqliteProfileStore(tmp_path / "absent" / "performance.sqlite")
    with pytest.raises(OSError, match=r"unable to open database file\.$"):
        store.close()
    store.close()


def test_directory_in_place_of_the_profile_is_reported_on_close(tmp_path):
    store = SqliteProfileStore(tmp_path)
    with pytest.raises(OSError, match="incomplete, because"):
        store.close()


def test_caller_does_not_wait_for_the_disk(tmp_path):
    path = tmp_path / "performance.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE held (x)")
        database.execute("BEGIN EXCLUSIVE")
        store = SqliteProfileStore(path)
        store.add_instances([MACRO])
        for _ in range(1000):
            store.add_events(MACRO, [SENT])
    store.close()
    with closing(sqlite3.connect(path)) as database:
        assert list(database.execute("SELECT COUNT(*) FROM events")) == [(1000,)]


def test_events_of_an_unknown_instance_raise_key_error(tmp_path):
    store = SqliteProfileStore(tmp_path / "performance.sqlite")
    with pytest.raises(KeyError):
        store.add_events(MACRO, [SENT])
    store.close()


def test_writer_thread_has_a_name(tmp_path):
    store = SqliteProfileStore(tmp_path / "performance.sqlite")
    assert "profile writer" in [thread.name for thread in threading.enumerate()]
    store.close()
