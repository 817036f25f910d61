"""The bytes recorded from the real MUSCLE3, for tests of codecs and sessions.

See ``tests/recorded/README.md`` for how they were made.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

FOLDER = Path(__file__).resolve().parents[1] / "recorded"

Protocol: TypeAlias = Literal["MMP", "MPP"]
Direction: TypeAlias = Literal["request", "response"]

_WORD = 8


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """One recorded request and its response.

    Attributes:
        request: Number, length and bytes.
        response: Length and bytes; empty if the client was cut off while waiting.
    """

    request: bytes
    response: bytes

    @property
    def number(self) -> int:
        """The number of the request."""
        return int.from_bytes(self.request[:_WORD], "little")

    @property
    def request_payload(self) -> bytes:
        """The request without number and length."""
        return self.request[2 * _WORD :]

    @property
    def response_payload(self) -> bytes:
        """The response without its length."""
        return self.response[_WORD:]


@dataclass(frozen=True, slots=True)
class Recording:
    """The traffic of one connection.

    Attributes:
        name: Scenario, client and server.
        version: The version of MUSCLE3 that was recorded.
        protocol: MMP if the server is the manager, otherwise MPP.
        client: The instance that sends requests.
        server: ``manager``, or the instance that responds.
        hello: The first eight bytes from the client and from the server.
        exchanges: Requests and responses, in order.
        goodbye: The zero that ends the session; empty if the client never sent it.
    """

    name: str
    version: str
    protocol: Protocol
    client: str
    server: str
    hello: tuple[bytes, bytes]
    exchanges: tuple[RecordedExchange, ...]
    goodbye: bytes

    @property
    def from_client(self) -> bytes:
        """Every byte that the client sent."""
        return self.hello[0] + b"".join(e.request for e in self.exchanges) + self.goodbye

    @property
    def from_server(self) -> bytes:
        """Every byte that the server sent."""
        return self.hello[1] + b"".join(e.response for e in self.exchanges)


@dataclass(frozen=True, slots=True)
class RecordedPayload:
    """The bytes of one request or response.

    Attributes:
        name: Scenario, client, server and request number, usable as the id of a test.
        version: The version of MUSCLE3 that made it.
        protocol: MMP or MPP.
        direction: From the client, or from the server.
        payload: The bytes, without lengths and numbers.
        request: The bytes of the request; the same as ``payload`` for a request.
    """

    name: str
    version: str
    protocol: Protocol
    direction: Direction
    payload: bytes
    request: bytes


@cache
def recordings() -> tuple[Recording, ...]:
    """Return all recordings, in the order of their file names."""
    return tuple(r for path in sorted(FOLDER.glob("*.json")) for r in _read(path))


def payloads(
    protocol: Protocol | None = None,
    direction: Direction | None = None,
    version: str | None = "0.11.0",
) -> Iterator[RecordedPayload]:
    """Return the payloads of all recordings that match the arguments.

    Args:
        protocol: Only those of MMP or of MPP.
        direction: Only requests or responses.
        version: Only those made by this version of MUSCLE3; None for any.
    """
    for recording in recordings():
        if version not in (None, recording.version):
            continue
        for payload in _payloads_of(recording):
            if protocol in (None, payload.protocol) and direction in (None, payload.direction):
                yield payload


def _payloads_of(recording: Recording) -> Iterator[RecordedPayload]:
    for exchange in recording.exchanges:
        request, response = exchange.request_payload, exchange.response_payload
        pairs: tuple[tuple[Direction, bytes], ...] = (("request", request), ("response", response))
        for direction, payload in pairs:
            if exchange.response or direction == "request":
                yield RecordedPayload(
                    name=f"{recording.name} {direction} {exchange.number}",
                    version=recording.version,
                    protocol=recording.protocol,
                    direction=direction,
                    payload=payload,
                    request=request,
                )


def _read(path: Path) -> Iterator[Recording]:
    content = json.loads(path.read_text())
    for number, session in enumerate(content["sessions"]):
        client, server = session["client"], session["server"]
        hello = [bytes.fromhex(part) for part in session["hello"]]
        yield Recording(
            name=f"{path.stem}#{number} {client}->{server}",
            version=content["muscle3"],
            protocol="MMP" if server == "manager" else "MPP",
            client=client,
            server=server,
            hello=(hello[0], hello[1]),
            exchanges=tuple(
                RecordedExchange(*map(bytes.fromhex, exchange)) for exchange in session["exchanges"]
            ),
            goodbye=bytes.fromhex(session["goodbye"]),
        )
