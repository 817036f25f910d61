"""Several payloads in one, since a message carries one."""

from __future__ import annotations

from collections.abc import Sequence

from domain.runtime.payloads import Payload

Layout = list[list[int]]
"""For each payload: the number of its bytes, and of its buffers."""


def bundle(payloads: Sequence[Payload]) -> tuple[Payload, Layout]:
    """Join payloads into one, and return it with what `unbundle` needs. Buffers are not copied."""
    if len(payloads) == 1:
        return payloads[0], []
    data = b"".join(payload.data for payload in payloads)
    buffers = tuple(buffer for payload in payloads for buffer in payload.buffers)
    return Payload(data, buffers), [
        [len(payload.data), len(payload.buffers)] for payload in payloads
    ]


def unbundle(payload: Payload, layout: Sequence[Sequence[int]]) -> list[Payload]:
    """Split a payload that `bundle` returned.

    Raises:
        ValueError: If the layout does not match the payload.
    """
    if not layout:
        return [payload]
    view = memoryview(payload.data)
    parts: list[Payload] = []
    start = first = 0
    for length, count in layout:
        if length < 0 or count < 0:
            break
        parts.append(Payload(view[start : start + length], payload.buffers[first : first + count]))
        start, first = start + length, first + count
    if len(parts) != len(layout) or start != len(view) or first != len(payload.buffers):
        msg = "The layout of a message does not match its payload"
        raise ValueError(msg)
    return parts
