"""The part of msgpack that Conjoin uses."""

from collections.abc import Callable
from typing import Any, NamedTuple

class ExtType(NamedTuple):
    code: int
    data: bytes

class Packer:
    def __init__(
        self,
        *,
        default: Callable[[Any], object] | None = ...,
        use_bin_type: bool = ...,
        autoreset: bool = ...,
        buf_size: int | None = ...,
    ) -> None: ...
    def pack(self, obj: object) -> bytes: ...
    def pack_map_header(self, size: int) -> bytes: ...
    def pack_array_header(self, size: int) -> bytes: ...
    def bytes(self) -> bytes: ...

def unpackb(
    packed: bytes | bytearray | memoryview,
    *,
    raw: bool = ...,
    strict_map_key: bool = ...,
    ext_hook: Callable[[int, bytes], object] = ...,
) -> Any: ...
