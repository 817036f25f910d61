"""Waiting for the programs of deregistered instances at the end of a run."""

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.logbook import InMemoryLogbook
from application.manager.last_departures import PATIENCE, LastDepartures
from entrypoints.log_setup import make_log
from tests.unit.application.manager.runs import desk_for, register


class Bench:
    """The end of a run in which `macro` has registered, and its program is connected."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.logbook = InMemoryLogbook()
        self.desk = desk_for()
        register(self.desk, "macro")
        self.connected = {"macro"}
        self.departures = LastDepartures(
            self.desk.registry,
            clock=self.clock,
            scheduler=self.clock,
            log=make_log(self.logbook, "INFO"),
        )
        self.departures.watch(lambda: self.connected)
        self.done: list[bool] = []

    def wait(self, seconds: float = 0.0) -> None:
        self.departures.wait(lambda: self.done.append(True))
        self.clock.advance(seconds)

    def log(self) -> str:
        return "\n".join(record.text for record in self.logbook.records)


def test_registered_instance_is_not_awaited():
    bench = Bench()
    bench.wait()
    assert bench.done == [True]


def test_deregistered_instance_is_awaited_until_its_session_has_ended():
    bench = Bench()
    bench.desk.registry.deregister("macro")
    bench.wait(1.0)
    assert bench.done == []
    bench.connected.clear()
    bench.clock.advance(1.0)
    assert bench.done == [True]
    assert bench.log() == ""


def test_waiting_is_logged_and_bounded():
    bench = Bench()
    bench.desk.registry.deregister("macro")
    bench.wait(PATIENCE / 2)
    assert bench.log().count("waiting until the programs of deregistered instances have left") == 1
    assert bench.done == []
    bench.clock.advance(PATIENCE)
    assert bench.done == [True]
    assert "are still connected: they may hang, so end them instances='macro'" in bench.log()
