"""Reports of what the programs on a node are doing."""

from pathlib import Path

from adapters.in_memory.activity_meter import InMemoryActivityMeter
from adapters.in_memory.agent_line import InMemoryAgentLine
from adapters.in_memory.processes import InMemoryProcessKeeper
from application.agent.activity_reports import report_activities
from domain.running.activity import Activity, ProcessSample
from domain.running.agents import StartCommand


def test_changes_of_activity_are_reported_until_the_agent_ends():
    keeper, meter, line = InMemoryProcessKeeper(), InMemoryActivityMeter(), InMemoryAgentLine()
    keeper.start(StartCommand("a", Path(), ("run",), {}, Path("out"), Path("err")))
    (pid,) = keeper.process_ids().values()
    samples = [ProcessSample(0, "R"), ProcessSample(50, "T"), ProcessSample(50, "T")]

    def is_over(_seconds):
        if samples:
            meter.samples[pid] = samples.pop(0)
            return False
        return True

    report_activities(keeper, meter, line, is_over=is_over)
    assert line.activities == [{"a": Activity.STOPPED}]
