"""What programs that the user started are doing."""

from adapters.in_memory.activity_meter import InMemoryActivityMeter
from adapters.in_memory.clock import ManualClock
from adapters.in_memory.worker import InlineWorker
from application.manager.program_activity import SAMPLE_INTERVAL, ProgramActivity
from domain.running.activity import Activity, ProcessSample


def test_programs_are_sampled_while_there_are_any():
    clock, meter, programs, changes = ManualClock(), InMemoryActivityMeter(), {"a": 7}, []
    activity = ProgramActivity(
        meter=meter,
        programs=lambda: programs,
        worker=InlineWorker(),
        scheduler=clock,
        on_changed=changes.append,
    )
    meter.samples[7] = ProcessSample(0, "T")
    activity.start()
    activity.start()
    assert changes == []
    clock.advance(SAMPLE_INTERVAL)
    assert changes == [{"a": Activity.STOPPED}]
    del programs["a"]
    clock.advance(3 * SAMPLE_INTERVAL)
    programs["a"] = 7
    meter.samples[7] = ProcessSample(50, "R")
    clock.advance(3 * SAMPLE_INTERVAL)
    assert changes == [{"a": Activity.STOPPED}]
    activity.start()
    clock.advance(SAMPLE_INTERVAL)
    assert len(changes) <= 2
