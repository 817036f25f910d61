"""Instance snapshots: metadata, and names of ports and files."""

import math

import pytest

from domain.checkpointing.instance_snapshot import (
    CommunicatorState,
    Snapshot,
    SnapshotMetadata,
    filled_port,
    is_url,
    reduced_port,
    snapshot_name,
)
from domain.coupling.conduits import Conduit, ConduitFilter
from domain.coupling.messages import Message
from domain.coupling.settings import Settings
from domain.identity import Reference

CONDUIT = Conduit(Reference("a.out"), Reference("b.in"), (ConduitFilter.LAST,))
COUNTS = CommunicatorState({"in": (1,)}, reduced_counts={reduced_port(CONDUIT): (2,)})


def test_keys_of_reduced_counts_are_not_valid_port_names():
    assert reduced_port(CONDUIT) == "out -> b.in"
    assert filled_port(CONDUIT) == "in <- a.out"


def test_metadata_has_time_counts_and_location():
    snapshot = Snapshot(("t",), 2.5, True, Message(1.0, 3.0), Settings(), COUNTS)
    assert snapshot.metadata("/there") == SnapshotMetadata(
        ("t",), 2.5, 1.0, 3.0, {"in": (1,), "out -> b.in": (2,)}, True, "/there"
    )


def test_metadata_of_a_snapshot_without_a_state_has_no_time():
    metadata = Snapshot((), 2.5, True, None, Settings(), COUNTS).metadata("/there")
    assert math.isnan(metadata.timestamp)
    assert metadata.next_timestamp is None


@pytest.mark.parametrize(
    ("name", "file"),
    [("macro", "macro_7.pack"), ("outer.micro[3][0]", "outer.micro-3--0-_7.pack")],
)
def test_file_name_has_no_characters_special_to_shells(name, file):
    assert snapshot_name(Reference(name), 7) == file


@pytest.mark.parametrize(
    ("location", "expected"),
    [("s3://b/macro_1.pack", True), ("/run/a:b", False), ("file", False), ("c:/x", False)],
)
def test_urls_are_distinguished_from_paths(location, expected):
    assert is_url(location) is expected
