"""The report about an agent that ends unexpectedly, and how an agent is closed."""

import os
import threading
from dataclasses import replace

import pytest

from adapters.local_agents.launcher import MAX_OUTPUT, LocalAgentLauncher
from adapters.wire.agent_orders import decode_orders
from domain.errors import TransportError
from domain.running.agents import AgentOrders

PATIENCE = 60.0


class Losses(list):
    """Records which agents were lost and why."""

    def __init__(self):
        super().__init__()
        self._changed = threading.Event()

    def __call__(self, node, reason):
        self.append((node, reason))
        self._changed.set()

    def wait(self):
        assert self._changed.wait(PATIENCE)
        return self[0]


@pytest.fixture
def agent(tmp_path):
    """Return a function that creates a launcher whose agent is a shell script."""
    launchers = []

    def make(script):
        program = tmp_path / "python"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        launchers.append(LocalAgentLauncher(node="here", python=str(program)))
        return launchers[-1]

    yield make
    for launcher in launchers:
        launcher.close()


def orders(folder=None):
    return AgentOrders(
        ("tcp:127.0.0.1:1",), "no process has this secret", PATIENCE, PATIENCE, folder
    )


def test_lost_agent_without_output_is_reported_as_such(agent):
    losses = Losses()
    agent("exit 3").launch(orders(), on_lost=losses)
    node, reason = losses.wait()
    assert node == "here"
    assert reason.endswith("-m entrypoints.agent) exited with code 3; it printed: nothing")


def test_end_of_long_output_of_a_lost_agent_is_reported(agent):
    losses = Losses()
    agent(f"head -c {MAX_OUTPUT * 2} /dev/zero | tr '\\0' x; echo END; exit 1").launch(
        orders(), on_lost=losses
    )
    _, reason = losses.wait()
    printed = reason.partition("it printed: ")[2]
    assert printed.endswith("xEND")
    assert len(printed) <= MAX_OUTPUT


def test_agent_output_is_written_to_the_log_directory(agent, tmp_path):
    losses = Losses()
    agent("echo out; echo err >&2; exit 1").launch(orders(tmp_path), on_lost=losses)
    assert losses.wait()[1].endswith("it printed: out\nerr")
    assert (tmp_path / "agent_launch.out").read_text() == "out\n"
    assert (tmp_path / "agent_launch.err").read_text() == "err\n"


def test_agent_that_exits_after_shutdown_is_not_reported_as_lost(agent):
    losses = Losses()
    launcher = agent("exit 0")
    launcher.launch(orders(), on_lost=losses)
    launcher.close()
    assert losses == []


def test_close_closes_standard_input_and_waits_for_the_agent(agent, tmp_path):
    losses = Losses()
    launcher = agent(f"cat > {tmp_path}/orders; echo ended > {tmp_path}/end; exit 1")
    launcher.launch(orders(), on_lost=losses)
    launcher.close()
    assert (tmp_path / "end").read_text() == "ended\n"
    expected = replace(orders(), node="here", manager_process=os.getpid())
    assert decode_orders((tmp_path / "orders").read_bytes()) == expected
    assert losses == []


def test_close_is_idempotent_and_works_without_an_agent(agent):
    agent("").close()
    launcher = agent("cat > /dev/null")
    launcher.launch(orders(), on_lost=Losses())
    launcher.close()
    launcher.close()


def test_program_that_cannot_be_executed_is_named_in_the_error(tmp_path):
    launcher = LocalAgentLauncher(node="here", python=str(tmp_path))
    with pytest.raises(TransportError, match=rf"'here' could not be started with '{tmp_path} -m"):
        launcher.launch(orders(), on_lost=Losses())
    launcher.close()
