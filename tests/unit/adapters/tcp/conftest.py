"""Fixtures shared by tests of connections."""

from collections.abc import Iterator

import pytest

from adapters.wire.locations import TCP, TcpAddress, format_location
from tests.support.ports import HOST, held_port


@pytest.fixture
def port() -> Iterator[int]:
    """A port on which nothing listens unless the test does."""
    with held_port() as port:
        yield port


@pytest.fixture
def nowhere(port: int) -> str:
    """A location where nothing listens."""
    return format_location(TCP, [TcpAddress(HOST, port)])
