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


def test_a_manager_that_is_not_there_is_an_error(line):
    for ask in (
        line.next_command,
        lambda: line.report_resources(NodeResources("n", frozenset()), version="1"),
    ):
        with pytest.raises(TransportError, match="connection to the manager was lost for good"):
            ask()


def test_results_that_nobody_takes_end_the_sending_and_nothing_else(line):
    line.report_results([RESULT])
    wait_until(lambda: not sender_runs())
    line.report_results([RESULT])


def test_it_may_be_closed_twice(line):
    line.close(timeout=60)
    assert not sender_runs()
    line.close(timeout=60)
    with pytest.raises(TransportError, match="has been closed"):
        line.next_command()


def test_it_can_be_closed_in_time_while_the_manager_is_not_there(nowhere):
    line = TcpAgentLine([nowhere], secret="s", node="n", retry_time=60.0)
    line.report_results([RESULT])
    line.close(timeout=0.05)
    wait_until(lambda: not sender_runs())
