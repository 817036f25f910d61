"""An agent's connection when the manager is gone or does not answer."""

import threading

import pytest

from adapters.tcp.agent_line import TcpAgentLine
from domain.errors import TransportError
from domain.placement.resources import NodeResources
from domain.running.process_end import SUCCESS, ProcessResult
from tests.support.conditions import wait_until

RESULT = ProcessResult("macro", SUCCESS)


@pytest.fixture
def line(nowhere):
    line = TcpAgentLine([nowhere], secret="s", node="n", retry_time=0.1)
    yield line
    line.close(timeout=60)


def sender_runs():
    return "conjoin-agent-results" in [thread.name for thread in threading.enumerate()]


def test_missing_manager_is_an_error(line):
    for ask in (
        line.next_command,
        lambda: line.report_resources(NodeResources("n", frozenset()), version="1"),
    ):
        with pytest.raises(TransportError, match="connection to the manager was lost for good"):
            ask()


def test_lost_connection_ends_the_sender_thread_only(line):
    line.report_results([RESULT])
    wait_until(lambda: not sender_runs())
    line.report_results([RESULT])


def test_close_is_idempotent(line):
    line.close(timeout=60)
    assert not sender_runs()
    line.close(timeout=60)
    with pytest.raises(TransportError, match="has been closed"):
        line.next_command()


def test_close_returns_in_time_without_a_manager(nowhere):
    line = TcpAgentLine([nowhere], secret="s", node="n", retry_time=60.0)
    line.report_results([RESULT])
    line.close(timeout=0.05)
    wait_until(lambda: not sender_runs())
