"""performance.sqlite as others read it, and when the disk does not play along."""

import resource
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from adapters.sqlite.profile_store import SqliteProfileStore
from domain.identity import Reference
from domain.ports import Operator
from domain.profiling import ProfileEvent, ProfileEventType
from domain.resources import Core, NodeResources, Resources
from tests.support.muscle3 import require_muscle3

MACRO = Reference("macro")
SENT = ProfileEvent(ProfileEventType.SEND, 5, 7, "out", Operator.O_I)

FORMAT_1_1 = {
    "muscle3_format": ["major_version", "minor_version"],
    "instances": ["oid", "name"],
    "assigned_cores": ["instance_oid", "node", "core"],
    "event_types": ["oid", "name"],
    "port_operators": ["oid", "name"],
    "events": [
        *("instance_oid", "event_type_oid", "start_time", "stop_time", "port_name"),
        *("port_operator_oid", "port_length", "slot", "message_number", "message_size"),
        "message_timestamp",
    ],
    "all_events": [
        *("instance", "type", "start_time", "stop_time", "port", "operator", "port_length"),
        *("slot", "message_number", "message_size", "message_timestamp"),
    ],
}


def test_the_file_has_the_tables_columns_and_constants_of_format_1_1(tmp_path):
    path = tmp_path / "performance.sqlite"
    SqliteProfileStore(path).close()
    with closing(sqlite3.connect(path)) as database:
        found = {
            table: [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            for table in FORMAT_1_1
        }
        assert found == FORMAT_1_1
        assert list(database.execute("SELECT * FROM muscle3_format")) == [(1, 1)]
        operators = dict(database.execute("SELECT name, oid FROM port_operators"))
        assert operators == {"F_INIT": 1, "O_I": 2, "S": 3, "O_F": 5}
        types = dict(database.execute("SELECT oid, name FROM event_types"))
        assert types[0] == "REGISTER"
        assert types[10] == "SHUTDOWN"
        assert len(types) == 11


def test_a_file_of_an_earlier_run_is_replaced(tmp_path):
    path = tmp_path / "performance.sqlite"
    path.write_text("not a database")
    store = SqliteProfileStore(path)
    store.add_instances([MACRO])
    store.close()
    with closing(sqlite3.connect(path)) as database:
        assert list(database.execute("SELECT * FROM instances")) == [(1, "macro")]


def test_a_file_that_cannot_be_made_is_reported_on_close(tmp_path):
    store = SqliteProfileStore(tmp_path / "absent" / "performance.sqlite")
    store.add_instances([MACRO])
    store.add_events(MACRO, [SENT, SENT])
    with pytest.raises(OSError, match=r"profile .* incomplete.*absent.*3 rows"):
        store.close()


def test_a_number_beyond_64_bits_costs_only_what_came_with_it(tmp_path):
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
from tests.integration.sqlite.test_profile_file import fill_beyond
fill_beyond(sys.argv[1], 100_000)
"""


def fill_beyond(path, most_bytes):
    """Write more than may be written; to be run in a process of its own."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    from pathlib import Path

    store = SqliteProfileStore(Path(path))
    store.add_instances([MACRO])
    for _ in range(50):
        store.add_events(MACRO, [SENT] * 1000)
    try:
        store.close()
    except OSError as error:
        print(error)


def test_a_full_disk_is_reported_on_close_and_leaves_a_readable_file(tmp_path):
    path = tmp_path / "performance.sqlite"
    command = [sys.executable, "-c", FILL, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "The profile of this run is incomplete" in done.stdout
    assert done.stderr == ""
    with closing(sqlite3.connect(path)) as database:
        assert list(database.execute("PRAGMA integrity_check")) == [("ok",)]


@pytest.mark.slow
@pytest.mark.muscle3
@pytest.mark.parametrize("plot", ["-i", "-r", "-t"])
def test_muscle3_plots_what_we_wrote(tmp_path, plot):
    path = tmp_path / "performance.sqlite"
    write_profile(path)
    command = [require_muscle3().muscle3, "profile", plot, path]
    environment = {"MPLBACKEND": "Agg", "PATH": "/usr/bin:/bin", "MPLCONFIGDIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")


def write_profile(path):
    """Write the profile of a little run of two instances."""
    instances = [MACRO, Reference("micro")]
    node = NodeResources("node1", frozenset({Core(0, frozenset({0}))}))
    store = SqliteProfileStore(path)
    store.add_instances(instances)
    store.add_resources({instance: Resources((node,)) for instance in instances})
    for instance in instances:
        store.add_events(instance, list(_life()))
    store.close()


def _life():
    ms = 1_000_000
    now = 1_795_212_216 * 1000 * ms
    kind = ProfileEventType
    yield ProfileEvent(kind.REGISTER, now, now + ms)
    yield ProfileEvent(kind.CONNECT, now + ms, now + 3 * ms)
    for number in range(3):
        now += 20 * ms
        about = ("port", Operator.S, None, None, number, 100, float(number))
        yield ProfileEvent(kind.SEND, now, now + ms, *about)
        yield ProfileEvent(kind.RECEIVE, now + ms, now + 5 * ms, *about)
        yield ProfileEvent(kind.RECEIVE_WAIT, now + ms, now + 3 * ms, *about)
        yield ProfileEvent(kind.RECEIVE_TRANSFER, now + 3 * ms, now + 4 * ms, *about)
        yield ProfileEvent(kind.RECEIVE_DECODE, now + 4 * ms, now + 5 * ms, *about)
    yield ProfileEvent(kind.SHUTDOWN_WAIT, now + 6 * ms, now + 7 * ms)
    yield ProfileEvent(kind.DEREGISTER, now + 8 * ms, now + 9 * ms)
