"""The recorded bytes contain what the codec tests rely on."""

import json
import re

import msgpack
import pytest

from tests.support.recordings import FOLDER, Recording, payloads, recordings


def test_every_request_of_an_instance_to_its_manager_was_recorded():
    requests = {msgpack.unpackb(p.payload)[0] for p in payloads("MMP", "request")}
    assert requests == set(range(1, 12))


def test_every_status_of_a_response_was_recorded():
    statuses = {msgpack.unpackb(p.payload)[0] for p in payloads("MMP", "response")}
    assert statuses == {0, 1, 2}


def test_every_extension_type_was_recorded():
    assert {code for p in payloads("MPP", "response") for code in _extensions(p.payload)} == set(
        range(7)
    )


def test_recordings_are_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 300_000


def test_recordings_contain_no_address_of_the_recording_machine():
    everything = b"".join(r.from_client + r.from_server for r in recordings())
    locations = set(re.findall(rb"(?:tcp:|,)([0-9.]+|\[[0-9a-f:]+\]):\d+", everything))
    assert locations
    assert all(re.fullmatch(rb"127\.0\.0\.1|[0.]+|\[[0:]+\]", host) for host in locations)


@pytest.mark.parametrize("recording", recordings(), ids=lambda r: r.name)
def test_recording_contains_a_complete_session(recording: Recording):
    assert recording.hello[0] == bytes(8)
    assert int.from_bytes(recording.hello[1], "little") > 0
    assert [e.number for e in recording.exchanges] == list(range(1, len(recording.exchanges) + 1))
    for exchange in recording.exchanges:
        assert _length(exchange.request[8:16]) == len(exchange.request_payload)
        assert _length(exchange.response[:8]) == len(exchange.response_payload)
    assert recording.goodbye in (b"", bytes(8))


def test_recording_files_contain_the_version_of_muscle3():
    versions = {json.loads(path.read_text())["muscle3"] for path in FOLDER.glob("*.json")}
    assert versions == {"0.10.0", "0.11.0"}


def _length(word: bytes) -> int:
    return int.from_bytes(word, "little")


def _extensions(payload: bytes) -> set[int]:
    found: set[int] = set()

    def note(code: int, data: bytes) -> object:
        found.add(code)
        return msgpack.unpackb(data, ext_hook=note) if data else None

    msgpack.unpackb(payload, ext_hook=note)
    return found
