"""What tests of connections have in common."""

from collections.abc import Iterator

import pytest

from adapters.wire.locations import TCP, TcpAddress, format_location
from tests.support.ports import HOST, held_port


@pytest.fixture
def port() -> Iterator[int]:
    """A port at which nobody listens who does not ask for it."""
    with held_port() as port:
        yield port


@pytest.fixture
def nowhere(port: int) -> str:
    """A location at which nobody listens."""
    return format_location(TCP, [TcpAddress(HOST, port)])
