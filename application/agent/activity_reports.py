"""Reports to the manager which programs on a node are doing something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from application.interfaces.activity_meter import ActivityMeter
from application.interfaces.agent_line import AgentLine
from application.interfaces.agents import ProcessKeeper
from domain.running.activity import ActivityTracker

SAMPLE_INTERVAL: Final = 2.0
"""Seconds between two samples of the programs."""


def report_activities(
    keeper: ProcessKeeper,
    meter: ActivityMeter,
    line: AgentLine,
    *,
    is_over: Callable[[float], bool],
) -> None:
    """Report each change of what a program is doing, until the agent ends.

    Args:
        keeper: Has the programs.
        meter: Samples their processes.
        line: Receives the reports.
        is_over: Waits for a number of seconds; returns whether the agent ends.
    """
    tracker = ActivityTracker()
    while not is_over(SAMPLE_INTERVAL):
        changes = tracker.add(meter.sample(keeper.process_ids()))
        if changes:
            line.report_activities(changes)
