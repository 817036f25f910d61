"""The format of instance snapshots: round trips, MUSCLE3's files, and damaged ones."""

import math
from hashlib import blake2b
from pathlib import Path

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.snapshot_files.msgpack_snapshot import MsgPackSnapshot
from domain.checkpointing.instance_snapshot import CommunicatorState, SavedMessage, Snapshot
from domain.coupling.grid import Grid
from domain.coupling.messages import Message, Milestone, PeerMessage
from domain.coupling.ports import Operator
from domain.coupling.settings import Settings
from domain.coupling.timelines import RoundsState, TimelineState
from domain.errors import ForeignSnapshot, InconsistentSnapshot, UnsendableData
from tests.support.snapshot_files import in_cpp_form

FILES = Path(__file__).parent / "recorded"


def read(name):
    return MsgPackSnapshot.decode((FILES / f"{name}.pack").read_bytes(), name=name)


def peer_message(data, number=3, iteration=(1, 2)):
    return PeerMessage(1.5, None, data, Settings({"a": 1}), None, number, iteration)


FULL = Snapshot(
    ("simulation_time >= 2.0", "at_end"),
    12.5,
    True,
    Message(2.0, 3.0, {"step": [1, 2.5, "x", None]}, Settings({"b.c": [1.0, 2.0]})),
    Settings({"x": 0.1, "y[2].z": "text"}),
    CommunicatorState(
        {"out": (3, 2), "in": (3,), "muscle_settings_in": (0,)},
        TimelineState(
            (4,),
            (("final", None), ("parts", 1)),
            {
                "": RoundsState((4, 1), Operator.O_I, (("out", 0),), ()),
                "x:y": RoundsState(None, None, (), ()),
            },
        ),
        (
            SavedMessage("init", None, peer_message("hello")),
            SavedMessage("v", 2, peer_message(1)),
        ),
        {"out -> b.in": (1,)},
        (
            SavedMessage("out", None, peer_message(Milestone((1,))), "b[1].in", 9),
            SavedMessage("out", None, peer_message([1]), "b[1].in"),
        ),
        {("mesh", None): ((1,), (2,)), ("mesh", 3): ((),)},
        {"parts": 7},
    ),
    "outer.micro[3]",
)


def test_snapshot_round_trips():
    assert MsgPackSnapshot.decode(MsgPackSnapshot.encode(FULL), name="x") == FULL


def test_implicit_snapshot_has_no_state_and_no_time():
    snapshot = FULL._replace(message=None)
    decoded = MsgPackSnapshot.decode(MsgPackSnapshot.encode(snapshot), name="x")
    assert decoded.message is None
    metadata = decoded.metadata("here")
    assert math.isnan(metadata.timestamp)
    assert metadata.next_timestamp is None


def test_metadata_includes_reduced_counts():
    metadata = FULL.metadata("here")
    assert metadata.port_message_counts == {
        "out": (3, 2),
        "in": (3,),
        "muscle_settings_in": (0,),
        "out -> b.in": (1,),
    }
    assert (metadata.timestamp, metadata.next_timestamp) == (2.0, 3.0)
    assert metadata.snapshot_filename == "here"


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.arange(4000.0)[::2],
        np.arange(3, dtype=np.int16),
        np.array([1 + 2j]),
        np.arange(5000, dtype=np.uint8),
        np.array([], dtype=np.float32),
    ],
)
def test_arrays_round_trip(array):
    snapshot = FULL._replace(message=Message(0.0, None, {"array": array, "n": (1, 2)}))
    data = MsgPackSnapshot.decode(MsgPackSnapshot.encode(snapshot), name="x").message.data
    kept = data["array"]
    kept = kept.array if isinstance(kept, Grid) else kept
    assert kept.dtype == array.dtype
    np.testing.assert_array_equal(kept, array)
    if array.flags.forc:
        assert kept.flags.f_contiguous == array.flags.f_contiguous


def test_data_that_muscle3_cannot_read_is_stored_in_our_format():
    state = {1: complex(1, 2), "half": np.float16(0.5), "big": np.arange(20_000, dtype=np.uint16)}
    cache = (SavedMessage("in", None, peer_message({2: 3})),)
    snapshot = FULL._replace(
        message=Message(0.0, None, state),
        communicator=FULL.communicator._replace(message_cache=cache),
    )
    decoded = MsgPackSnapshot.decode(MsgPackSnapshot.encode(snapshot), name="x")
    assert decoded.message.data[1] == complex(1, 2)
    np.testing.assert_array_equal(decoded.message.data["big"].array, state["big"])
    assert decoded.communicator.message_cache == cache


@pytest.mark.parametrize("part", [object(), np.array([object()])])
def test_unstorable_state_is_an_error_that_names_the_part(part):
    with pytest.raises(
        UnsendableData, match=r"^data\['f'\] cannot be stored: it is an (object|array)"
    ):
        MsgPackSnapshot.encode(FULL._replace(message=Message(0.0, None, {"f": part})))


@pytest.mark.parametrize(
    ("data", "path"),
    [(lambda array: array, "data"), (lambda array: {"x": [array]}, r"data\['x'\]\[0\]")],
)
@pytest.mark.parametrize("dtype", [np.float64, np.complex64])
def test_state_that_is_too_large_is_an_error(tmp_path, data, path, dtype):
    # a sparse file, which takes neither memory nor disk space
    array = np.memmap(tmp_path / "sparse", dtype, mode="w+", shape=2**29)
    path = path if dtype is np.float64 else "data"
    with pytest.raises(OSError, match=rf"^{path} is larger than 4 GiB"):
        MsgPackSnapshot.encode(FULL._replace(message=Message(0.0, None, data(array))))


def test_part_of_the_state_that_is_too_large_is_named():
    state = {"a": [1, bytes(2**32)]}  # untouched zero pages take no memory
    with pytest.raises(OSError, match=r"^data\['a'\]\[1\] is larger than 4 GiB"):
        MsgPackSnapshot.encode(FULL._replace(message=Message(0.0, None, state)))


def test_snapshot_has_the_keys_of_muscle3_0_11():
    data = MsgPackSnapshot.encode(FULL)
    assert data[:1] == b"2"
    values = msgpack.unpackb(data[1:], raw=False)
    theirs = msgpack.unpackb((FILES / "muscle3_0_11_intermediate.pack").read_bytes()[1:])
    assert values.keys() - theirs.keys() == {"conjoin", "checksum"}
    assert theirs.keys() - values.keys() == set()
    own, their = values["communicator_state"], theirs["communicator_state"]
    assert own.keys() == their.keys()
    assert own["timeline_state"].keys() == their["timeline_state"].keys()
    rounds = own["timeline_state"]["subtimeline_states"][""]
    assert rounds.keys() == their["timeline_state"]["subtimeline_states"][""].keys()
    assert rounds["first_operator"] == "O_I"


def test_intermediate_snapshot_of_muscle3_0_11_is_read():
    assert read("muscle3_0_11_intermediate") == Snapshot(
        ("simulation_time >= 1.0",),
        pytest.approx(0.4, abs=0.1),
        False,
        Message(1.0, None, [1, 1.0], None),
        Settings(),
        CommunicatorState(
            {"state_out": (1,), "state_in": (1,), "muscle_settings_in": (0,)},
            TimelineState(
                (),
                (),
                {
                    "": RoundsState(
                        (0,), Operator.O_I, (("state_out", None),), (("state_in", None),)
                    )
                },
            ),
        ),
    )


def test_implicit_snapshot_of_muscle3_0_11_is_read():
    snapshot = read("muscle3_0_11_implicit")
    assert snapshot.message is None
    assert snapshot.is_final_snapshot
    state = snapshot.communicator
    assert state.timeline == TimelineState((1,), (("final", None),), {})
    ((port, slot, message, *_),) = state.message_cache
    assert (port, slot, message.data, message.number, message.iteration) == (
        "init",
        None,
        1.0,
        1,
        (1,),
    )


def test_intermediate_snapshot_of_muscle3_0_10_is_read():
    snapshot = read("muscle3_0_10_intermediate")
    step, grid = snapshot.message.data
    assert step == 1
    np.testing.assert_array_equal(grid.array, np.arange(4.0))
    assert snapshot.communicator == CommunicatorState(
        {"state_out": (1,), "state_in": (1,), "muscle_settings_in": (0,)}
    )


def test_final_snapshot_of_muscle3_0_10_does_not_count_messages_received_ahead():
    snapshot = read("muscle3_0_10_final")
    assert snapshot.is_final_snapshot
    assert snapshot.communicator.port_message_counts["init"] == (3,)
    assert snapshot.communicator.port_message_counts["final"] == (3,)


def test_snapshot_of_muscle3_0_10_can_be_stored_again():
    snapshot = read("muscle3_0_10_final")
    assert MsgPackSnapshot.decode(MsgPackSnapshot.encode(snapshot), name="x") == snapshot


@pytest.mark.parametrize("name", [path.stem for path in sorted(FILES.glob("*.pack"))])
def test_snapshot_in_the_form_of_the_cpp_library_is_read(name):
    data = (FILES / f"{name}.pack").read_bytes()
    cpp = in_cpp_form(data)
    assert cpp != data
    read_back = MsgPackSnapshot.decode(cpp, name=name)
    assert MsgPackSnapshot.encode(read_back) == MsgPackSnapshot.encode(read(name))


@pytest.mark.parametrize("message", [FULL.message, Message(2.0, 3.0, [1.5]), None])
def test_settings_overlays_in_the_form_of_the_cpp_library_are_read(message):
    cpp = in_cpp_form(MsgPackSnapshot.encode(FULL._replace(message=message)))
    snapshot = MsgPackSnapshot.decode(cpp, name="cpp")
    assert snapshot.settings_overlay == FULL.settings_overlay
    assert snapshot.message == message
    assert snapshot.communicator.message_cache == FULL.communicator.message_cache


def test_nil_overlay_of_a_message_received_ahead_is_empty():
    values = msgpack.unpackb((FILES / "muscle3_0_11_implicit.pack").read_bytes()[1:])
    ((port, slot, message),) = values["communicator_state"]["message_cache"]
    message = msgpack.packb({**msgpack.unpackb(message), "settings_overlay": None})
    values["communicator_state"]["message_cache"] = [[port, slot, message]]
    snapshot = MsgPackSnapshot.decode(b"2" + msgpack.packb(values), name="x")
    assert snapshot.communicator.message_cache[0].message.overlay == Settings()


def refused(data, *, foreign=False):
    with pytest.raises(InconsistentSnapshot) as caught:
        MsgPackSnapshot.decode(data, name="run/macro_1.pack")
    assert isinstance(caught.value, ForeignSnapshot) == foreign
    text = str(caught.value)
    assert text.startswith("Snapshot 'run/macro_1.pack' cannot be used: ")
    return text


@pytest.mark.parametrize("length", range(0, 600, 7))
def test_truncated_snapshot_is_rejected(length):
    data = MsgPackSnapshot.encode(FULL)
    assert length < len(data)
    refused(data[:length])
    refused(data[: len(data) - 1 - length])


def test_snapshot_with_any_bit_flipped_is_rejected():
    for snapshot in (FULL, FULL._replace(communicator=CommunicatorState({"out": (1,)}))):
        data = MsgPackSnapshot.encode(snapshot)
        for bit in range(len(data) * 8):
            damaged = bytearray(data)
            damaged[bit // 8] ^= 1 << bit % 8
            refused(bytes(damaged))


def test_checksum_of_earlier_versions_is_checked():
    body = MsgPackSnapshot.encode(FULL)[: -len(b"\xc4\x04crc!")]
    data = body.removesuffix(msgpack.packb("checksum"))
    digest = blake2b(data, digest_size=16).digest()
    assert MsgPackSnapshot.decode(body + msgpack.packb(digest), name="x") == FULL
    assert "its checksum does not match" in refused(body + msgpack.packb(bytes(16)))


def test_snapshot_with_trailing_data_is_rejected():
    refused(MsgPackSnapshot.encode(FULL) + b"\0")


def test_error_states_the_reason():
    assert "the file is empty" in refused(b"")
    assert "it has version 3" in refused(b"3\x80", foreign=True)
    assert "it is not a snapshot" in refused(b"PK\x03\x04")
    assert "'communicator_state' is missing" in refused(b"2\x80", foreign=True)
    data = bytearray(MsgPackSnapshot.encode(FULL))
    data[data.index(b"at_end")] ^= 1
    assert "its checksum does not match" in refused(bytes(data))


@settings(max_examples=300)
@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_decoded_or_rejected(data):
    for version in (b"1", b"2", b""):
        with pytest.raises(InconsistentSnapshot):
            MsgPackSnapshot.decode(version + data, name="random")


@pytest.mark.parametrize("name", [path.stem for path in sorted(FILES.glob("*.pack"))])
def test_truncated_snapshot_of_muscle3_is_rejected(name):
    data = (FILES / f"{name}.pack").read_bytes()
    for length in range(len(data)):
        refused(data[:length])


def changed(**changes):
    """A snapshot of MUSCLE3 with some values replaced."""
    values = msgpack.unpackb((FILES / "muscle3_0_11_intermediate.pack").read_bytes()[1:])
    return b"2" + msgpack.packb({**values, **changes})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"settings_overlay": msgpack.ExtType(99, b"")}, "expected a map"),
        ({"message": b"\xc1"}, "not valid MessagePack"),
        ({"message": msgpack.packb({"data": 1})}, "'settings_overlay' is missing"),
        ({"communicator_state": None}, "not subscriptable"),
        ({"new_in_0_12": 1}, "unknown key 'new_in_0_12'"),
    ],
)
def test_snapshot_of_another_library_that_cannot_be_decoded_is_foreign(changes, reason):
    text = refused(changed(**changes), foreign=True)
    assert "it is in an unknown format" in text
    assert reason in text


def test_foreign_snapshot_error_has_the_location_and_the_reason():
    with pytest.raises(ForeignSnapshot) as caught:
        MsgPackSnapshot.decode(b"7\x80", name="run/macro_1.pack")
    assert caught.value.location == "run/macro_1.pack"
    assert caught.value.reason == "it has version 7, but only 1 and 2 are supported"


def test_damaged_version_of_our_own_snapshot_does_not_make_it_foreign():
    data = MsgPackSnapshot.encode(FULL)
    for version in b"013456789":
        refused(bytes([version]) + data[1:])
