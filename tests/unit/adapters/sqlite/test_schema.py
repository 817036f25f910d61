"""The layout that `muscle3 profile` and users' scripts rely on."""

import sqlite3
from contextlib import closing

import pytest

from adapters.sqlite.schema import INSERT_CORE, INSERT_EVENT, INSERT_INSTANCE, creation_script

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


@pytest.fixture
def database():
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(creation_script())
        yield database


def test_tables_columns_and_constants_have_format_1_1(database):
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


def test_schema_is_created_atomically(database):
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        database.executescript(creation_script())
    database.rollback()
    assert list(database.execute("SELECT COUNT(*) FROM muscle3_format")) == [(1,)]


def test_all_events_view_shows_names_instead_of_ids(database):
    database.execute(INSERT_INSTANCE, (1, "macro"))
    database.execute(INSERT_CORE, (1, "node1", 3))
    database.execute(INSERT_EVENT, (1, 2, 5, 7, "out", 2, None, None, 4, 256, 0.5))
    database.execute(INSERT_EVENT, (1, 0, 1, 2, *[None] * 7))
    assert list(database.execute("SELECT * FROM all_events ORDER BY start_time")) == [
        ("macro", "REGISTER", 1, 2, *[None] * 7),
        ("macro", "SEND", 5, 7, "out", "O_I", None, None, 4, 256, 0.5),
    ]


def test_duplicate_instance_name_is_rejected(database):
    database.execute(INSERT_INSTANCE, (1, "macro"))
    with pytest.raises(sqlite3.IntegrityError):
        database.execute(INSERT_INSTANCE, (2, "macro"))
