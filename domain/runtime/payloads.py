"""The data that the processes of a runtime exchange."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, Union

Buffer: TypeAlias = bytes | bytearray | memoryview
"""Contiguous memory. Received buffers are read-only, and may be mapped: they stay valid."""

Plain: TypeAlias = Union[
    bool, int, float, str, bytes, "Sequence[Plain]", "Mapping[str, Plain]", None
]
"""A value that every engine transfers without pickle. Sequences arrive as lists."""


@dataclass(frozen=True, slots=True)
class Payload:
    """Opaque data: a pickle, and the buffers that it refers to.

    Attributes:
        data: The pickle, or other bytes.
        buffers: Its out-of-band buffers, in order.
    """

    data: Buffer = b""
    buffers: tuple[Buffer, ...] = ()

    @property
    def size(self) -> int:
        """Total number of bytes."""
        return len(self.data) + sum(memoryview(buffer).nbytes for buffer in self.buffers)


@dataclass(frozen=True, slots=True)
class EngineValue:
    """A stored value. Picklable; it means the same in all processes of the run.

    An EngineValue itself holds nothing: `retain` and `release` count.

    Attributes:
        key: Identifies the value in this run.
        size: Number of bytes.
    """

    key: str
    size: int


NO_PAYLOAD = Payload()


@dataclass(frozen=True, slots=True)
class Message:
    """A request to a host, or its reply.

    The fields are checked before any pickle is loaded; the payload is opaque to the engine.

    Attributes:
        kind: The kind of the request or reply.
        fields: Small plain values.
        payload: A pickle with its buffers; large ones are not copied more often than needed.
        values: Stored values that the message mentions. On arrival, the receiver has retained
            each of them once, even if the sender has released it meanwhile.
    """

    kind: str
    fields: Mapping[str, Plain] = field(default_factory=dict)
    payload: Payload = NO_PAYLOAD
    values: tuple[EngineValue, ...] = ()
