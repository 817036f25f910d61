"""Warnings about probable mistakes of a model."""

import pytest

from adapters.in_memory.instance_log import InMemoryInstanceLog
from application.instance.cautions import Cautions
from domain.coupling.messages import Message
from domain.coupling.settings import Settings
from domain.identity import Reference
from domain.running.log_levels import LogLevel


class Bench:
    def __init__(self, *, has_settings_port=False):
        self._log = InMemoryInstanceLog()
        self.cautions = Cautions(
            Reference("micro[1]"), has_settings_port=has_settings_port, log=self._log
        )

    @property
    def warnings(self):
        assert all(level is LogLevel.WARNING for level, _ in self._log.lines)
        return [text for _, text in self._log.lines]

    def send(self, *times, slot=None):
        for now, following in times:
            self.cautions.note_sent("out", slot, Message(now, following))


def test_increasing_timestamps_that_are_announced_cause_no_warning():
    bench = Bench()
    bench.send((0.0, 1.0), (1.0, 1.0), (1.0, None))
    bench.cautions.start_pass(Settings())
    bench.send((0.0, 1.0), (1.0, None))
    assert bench.warnings == []


def test_earlier_timestamp_than_the_one_before_causes_one_warning():
    bench = Bench()
    bench.send((2.0, 3.0), (1.0, 2.0), (0.0, 2.0))
    (text,) = bench.warnings
    assert text.startswith("A message for time 1 is sent on port 'out' after one for time 2.")


def test_message_after_the_announced_last_one_causes_one_warning():
    bench = Bench()
    bench.send((0.0, None), (1.0, None), (2.0, None), slot=3)
    (text,) = bench.warnings
    assert "port 'out[3]' after the one for time 0, whose next_timestamp was None" in text


def test_slots_of_a_port_are_independent():
    bench = Bench()
    bench.send((5.0, None), slot=0)
    bench.send((1.0, None), slot=1)
    assert bench.warnings == []


@pytest.mark.parametrize("times", [1, 2])
def test_setting_read_before_the_reuse_loop_causes_one_warning_if_overlays_can_arrive(times):
    bench = Bench(has_settings_port=True)
    for _ in range(times):
        bench.cautions.note_early_setting("x")
    bench.cautions.start_pass(Settings({"x": 1}))
    (text,) = bench.warnings
    assert text.startswith("Setting 'x' is read before the reuse loop")


def test_setting_read_before_the_reuse_loop_causes_a_warning_if_a_message_overrides_it():
    bench = Bench()
    for name in ("x", "y", "z"):
        bench.cautions.note_early_setting(name)
    assert bench.warnings == []
    bench.cautions.start_pass(Settings({"x": 1, "micro.y": 2, "micro[2].z": 3}))
    assert [text.split()[1] for text in bench.warnings] == ["'x'", "'y'"]
