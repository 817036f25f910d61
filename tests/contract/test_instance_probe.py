"""Contract of InstanceProbe."""

import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import pytest

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.instance_probe import InMemoryInstanceProbe
from adapters.io.event_loop import EventLoop
from adapters.tcp.instance_probe import TcpInstanceProbe
from application.interfaces.instance_probe import InstanceProbe
from domain.running.presence import Presence
from tests.support.conditions import wait_until
from tests.support.ports import HOST, held_port

NOWHERE = "unknown:12"


class InstanceProbeContract(ABC):
    """Subclassed for each adapter."""

    @abstractmethod
    def live_location(self) -> str:
        """Return the location of a running instance."""

    @abstractmethod
    def dead_location(self) -> str:
        """Return the location of an instance that has ended."""

    @abstractmethod
    def wait(self, until: Callable[[], bool]) -> None:
        """Wait until a condition is true."""

    @abstractmethod
    def services_thread(self) -> int:
        """Return the identifier of the services' thread."""

    def look(self, probe: InstanceProbe, *locations: str) -> Presence:
        found: list[tuple[Presence, int]] = []
        probe.look(locations, lambda presence: found.append((presence, threading.get_ident())))
        assert not found or threading.get_ident() != self.services_thread()
        self.wait(lambda: bool(found))
        ((presence, thread),) = found
        assert thread == self.services_thread()
        return presence

    def test_listening_instance_is_there(self, probe: InstanceProbe) -> None:
        assert self.look(probe, self.live_location()) is Presence.THERE

    def test_instance_that_does_not_listen_is_gone(self, probe: InstanceProbe) -> None:
        assert self.look(probe, self.dead_location()) is Presence.GONE

    def test_one_reachable_location_is_sufficient(self, probe: InstanceProbe) -> None:
        assert (
            self.look(probe, self.dead_location(), NOWHERE, self.live_location()) is Presence.THERE
        )

    def test_refused_connection_takes_precedence_over_no_response(
        self, probe: InstanceProbe
    ) -> None:
        assert self.look(probe, NOWHERE, self.dead_location()) is Presence.GONE

    @pytest.mark.parametrize("locations", [(), (NOWHERE,)])
    def test_result_without_locations_is_unknown(
        self, probe: InstanceProbe, locations: Sequence[str]
    ) -> None:
        assert self.look(probe, *locations) is Presence.UNKNOWN


class TestInMemoryInstanceProbe(InstanceProbeContract):
    @pytest.fixture
    def probe(self) -> InstanceProbe:
        self.clock = ManualClock()
        probe = InMemoryInstanceProbe(self.clock)
        probe.presence = {"here": Presence.THERE, "not here": Presence.GONE}
        return probe

    def live_location(self) -> str:
        return "here"

    def dead_location(self) -> str:
        return "not here"

    def wait(self, until: Callable[[], bool]) -> None:
        self.clock.advance()
        assert until()

    def services_thread(self) -> int:
        return threading.get_ident()


class TestTcpInstanceProbe(InstanceProbeContract):
    @pytest.fixture
    def probe(self) -> Iterator[InstanceProbe]:
        loop = EventLoop("loop")
        loop.start()
        threads: list[int] = []
        loop.call_soon(lambda: threads.append(threading.get_ident()))
        wait_until(lambda: bool(threads))
        self.thread = threads[0]
        probe = TcpInstanceProbe(loop)
        with (
            closing(loop),
            closing(probe),
            socket.create_server((HOST, 0)) as listener,
            held_port() as self.silent_port,
        ):
            self.port = listener.getsockname()[1]
            yield probe

    def live_location(self) -> str:
        return f"tcp:{HOST}:{self.port}"

    def dead_location(self) -> str:
        return f"tcp:{HOST}:{self.silent_port}"

    def wait(self, until: Callable[[], bool]) -> None:
        wait_until(until)

    def services_thread(self) -> int:
        return self.thread
