import pytest

from adapters.in_memory.clock import ManualClock
from application.nodes.agent_timeouts import AgentTimeouts
from application.nodes.roster import AgentRoster
from domain.placement.resources import Core, NodeResources, Resources
from tests.support.loggers import silent_log

TIMEOUTS = AgentTimeouts(silence=30.0, startup=60.0)


def offer(node: str) -> NodeResources:
    return NodeResources(node, frozenset({Core(0, frozenset({0}))}), 1000)


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.silent: list[tuple[str, str]] = []
        self.resources: list[Resources] = []
        self.roster = AgentRoster(
            scheduler=self.clock,
            clock=self.clock,
            log=silent_log(),
            timeouts=TIMEOUTS,
            on_silence=lambda *silence: self.silent.append(silence),
        )
        self.roster.on_resources(self.resources.append)

    def report(self, *nodes: str) -> None:
        for node in nodes:
            self.roster.add(node)
            self.roster.note_resources(offer(node))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_resources_are_announced_once_all_agents_have_reported(bench: Bench) -> None:
    bench.roster.expect(["a", "b"])
    bench.report("b")
    assert bench.resources == []
    bench.report("a")
    assert bench.resources == [Resources((offer("a"), offer("b")))]
    bench.report("a")
    assert len(bench.resources) == 1


def test_agents_may_report_before_they_are_expected(bench: Bench) -> None:
    bench.report("b", "a")
    assert bench.resources == []
    bench.roster.expect(["a", "b"])
    assert bench.resources == [Resources((offer("a"), offer("b")))]


def test_roster_does_not_wait_for_a_lost_node(bench: Bench) -> None:
    bench.roster.expect(["a", "b"])
    bench.report("a")
    assert bench.roster.lose("b", "no python there") == "node 'b' was lost: no python there"
    bench.roster.announce_if_complete()
    assert bench.resources == [Resources((offer("a"),))]


def test_node_is_lost_once(bench: Bench) -> None:
    bench.report("a")
    assert bench.roster.lose("a", "one") is not None
    assert bench.roster.lose("a", "two") is None
    assert bench.roster.loss_of("a") == "node 'a' was lost: one"


def test_silent_agent_is_noticed(bench: Bench) -> None:
    bench.report("a")
    bench.clock.advance(29.0)
    assert bench.silent == []
    bench.clock.advance(2.0)
    assert bench.silent == [("a", "its agent sent nothing for 30 seconds")]


def test_sign_of_life_prolongs_the_wait(bench: Bench) -> None:
    bench.report("a")
    bench.clock.advance(25.0)
    bench.roster.note_sign("a")
    bench.clock.advance(25.0)
    assert bench.silent == []


def test_agent_that_never_reports_is_noticed(bench: Bench) -> None:
    bench.roster.expect(["a"])
    bench.clock.advance(61.0)
    assert bench.silent == [("a", "its agent did not report within 60 seconds")]


def test_agent_is_not_lost_while_the_manager_is_suspended(bench: Bench) -> None:
    bench.report("a")
    bench.clock.suspend(3600.0)
    bench.clock.advance(29.0)
    assert bench.silent == []
    bench.clock.advance(2.0)
    assert bench.silent == [("a", "its agent sent nothing for 30 seconds")]


def test_dismissed_agent_may_be_silent(bench: Bench) -> None:
    bench.report("a")
    bench.roster.dismiss("a")
    bench.clock.advance(1000.0)
    assert bench.silent == []
    assert bench.roster.are_all_gone
    assert bench.roster.is_gone("a")
