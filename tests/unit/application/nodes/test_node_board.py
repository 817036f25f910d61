"""The status and the log of nodes."""

import json
from dataclasses import asdict

import structlog
from structlog.testing import capture_logs

from adapters.in_memory.clock import ManualClock
from application.nodes.agent_timeouts import AgentTimeouts
from application.nodes.node_board import NodeBoard
from application.nodes.process_ledger import ProcessLedger
from application.nodes.roster import AgentRoster
from domain.placement.resources import Core, NodeResources
from domain.running.nodes import NodeLoad, NodeStatus


class Bench:
    """A board with one node of 1000 bytes, on which an instance runs."""

    def __init__(self) -> None:
        clock, log = ManualClock(), structlog.get_logger()
        self.published: list[NodeStatus] = []
        self.roster = AgentRoster(
            scheduler=clock,
            clock=clock,
            log=log,
            timeouts=AgentTimeouts(),
            on_silence=lambda *_: None,
        )
        ledger = ProcessLedger(scheduler=clock, log=log)
        self.board = NodeBoard(roster=self.roster, ledger=ledger, log=log)
        self.board.on_changed(self.published.append)
        self.roster.add("n")
        self.roster.note_resources(NodeResources("n", frozenset({Core(0, frozenset({0}))}), 1000))
        ledger.add("macro", node="n")

    def warnings(self, *used: int) -> int:
        """Return how many warnings these uses of memory cause, one after another."""
        with capture_logs() as log:
            for memory in used:
                self.board.note_load("n", NodeLoad(0.5, memory))
        return sum(entry["log_level"] == "warning" for entry in log)


def test_load_of_a_node_is_in_its_published_status() -> None:
    bench = Bench()
    bench.board.note_load("n", NodeLoad(0.5, 200))
    expected = NodeStatus("n", 1, 1000, ("macro",), "", 0.5, 200)
    assert bench.published == [expected]
    assert bench.board.statuses() == [expected]


def test_load_of_a_node_is_unknown_until_its_agent_reports_it() -> None:
    assert Bench().board.statuses() == [NodeStatus("n", 1, 1000, ("macro",))]


def test_node_status_can_be_written_as_json() -> None:
    bench = Bench()
    bench.board.note_load("n", NodeLoad(0.5, 200))
    (status,) = json.loads(json.dumps([asdict(status) for status in bench.board.statuses()]))
    assert (status["load"], status["memory_used"], status["loss"]) == (0.5, 200, "")


def test_full_memory_is_logged_as_a_warning_once() -> None:
    assert Bench().warnings(500, 960, 999, 970) == 1


def test_full_memory_is_logged_again_after_memory_was_freed() -> None:
    assert Bench().warnings(960, 100, 960) == 2


def test_log_of_a_lost_node_has_its_last_load() -> None:
    bench = Bench()
    bench.board.note_load("n", NodeLoad(7.5, 900))
    bench.roster.lose("n", "the cable was pulled")
    with capture_logs() as log:
        bench.board.note_lost("n", "the cable was pulled")
    assert log == [
        {
            "event": "node lost",
            "log_level": "error",
            "node": "n",
            "instances": 1,
            "load": 7.5,
            "memory_used": 900,
            "reason": "the cable was pulled",
        }
    ]
    assert bench.published[-1].loss == "node 'n' was lost: the cable was pulled"
