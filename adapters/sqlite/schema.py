"""The layout of performance.sqlite, format 1.1, which `muscle3 profile` reads.

The table `conjoin_dropped_events` is an addition, which MUSCLE3 ignores: how many events of an
instance are missing, and why.
"""

from domain.coupling.ports import Operator
from domain.running.profiling import ProfileEventType

FORMAT_VERSION = (1, 1)

_TABLES = """
CREATE TABLE muscle3_format (
    major_version INTEGER NOT NULL,
    minor_version INTEGER NOT NULL
);
CREATE TABLE instances (
    oid INTEGER PRIMARY KEY,
    name TEXT UNIQUE
);
CREATE TABLE assigned_cores (
    instance_oid INTEGER NOT NULL REFERENCES instances (oid),
    node TEXT NOT NULL,
    core INTEGER NOT NULL
);
CREATE TABLE event_types (
    oid INTEGER PRIMARY KEY,
    name TEXT UNIQUE
);
CREATE TABLE port_operators (
    oid INTEGER PRIMARY KEY,
    name TEXT UNIQUE
);
CREATE TABLE events (
    instance_oid INTEGER NOT NULL REFERENCES instances (oid),
    event_type_oid INTEGER NOT NULL REFERENCES event_types (oid),
    start_time INTEGER NOT NULL,
    stop_time INTEGER NOT NULL,
    port_name TEXT,
    port_operator_oid INTEGER REFERENCES port_operators (oid),
    port_length INTEGER,
    slot INTEGER,
    message_number INTEGER,
    message_size INTEGER,
    message_timestamp DOUBLE
);
CREATE TABLE conjoin_dropped_events (
    instance_oid INTEGER NOT NULL REFERENCES instances (oid),
    reason TEXT NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (instance_oid, reason)
);
CREATE INDEX instances_oid_idx ON instances (oid);
CREATE INDEX events_start_time_idx ON events (start_time);
CREATE VIEW all_events AS
    SELECT
        instances.name AS instance,
        event_types.name AS type,
        start_time,
        stop_time,
        port_name AS port,
        port_operators.name AS operator,
        port_length,
        slot,
        message_number,
        message_size,
        message_timestamp
    FROM events
    JOIN instances ON instances.oid = instance_oid
    LEFT JOIN event_types ON event_types.oid = event_type_oid
    LEFT JOIN port_operators ON port_operators.oid = port_operator_oid;
"""


def creation_script() -> str:
    """Return the SQL that creates an empty database, in a single transaction."""
    event_types = ", ".join(f"({kind.value}, '{kind.name}')" for kind in ProfileEventType)
    operators = ", ".join(f"({operator.value}, '{operator.name}')" for operator in Operator)
    major, minor = FORMAT_VERSION
    return (
        f"BEGIN;{_TABLES}"
        f"INSERT INTO muscle3_format VALUES ({major}, {minor});"
        f"INSERT INTO event_types VALUES {event_types};"
        f"INSERT INTO port_operators VALUES {operators};"
        "COMMIT;"
    )


INSERT_INSTANCE = "INSERT INTO instances (oid, name) VALUES (?, ?)"
INSERT_CORE = "INSERT INTO assigned_cores (instance_oid, node, core) VALUES (?, ?, ?)"
INSERT_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_DROPPED = (
    "INSERT INTO conjoin_dropped_events VALUES (?, ?, ?)"
    " ON CONFLICT DO UPDATE SET events = events + excluded.events"
)
