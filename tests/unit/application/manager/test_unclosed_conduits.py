"""Conduits with a filter to the outermost timeline that MUSCLE3's library does not close."""

import pytest

from application.manager.unclosed_conduits import UnclosedConduits
from domain.coupling.messages import Wait
from tests.support.models import configuration
from tests.unit.application.manager.runs import desk_for, register

FILTERED = "macro o_i -> last micro f_init"
WAIT = Wait("micro", "macro", "in", None)
TIMELINES = {"macro": "macro", "micro": "micro"}
MUSCLE3, OWN = "0.11.0", "0.11.0+conjoin"


class Bench:
    """A run in which `macro` sends to `micro` through a filter."""

    def __init__(self, sender: str, receiver: str = MUSCLE3, conduits: str = FILTERED) -> None:
        self.desk = desk_for(conduits, timelines=TIMELINES)
        self.warnings: list[str] = []
        self.failures: list[str] = []
        model = configuration(conduits, timelines=TIMELINES).model
        self.unclosed = UnclosedConduits(
            model,
            registry=self.desk.registry,
            warn=self.warnings.append,
            fail=self.failures.append,
        )
        (self.conduit,) = model.conduits
        self.wait = WAIT._replace(port=self.conduit.receiving_port)
        for name, version in (("macro", sender), ("micro", receiver)):
            register(self.desk, name, version=version)
            self.unclosed.note_registered(name)

    def leave(self, name: str) -> None:
        self.desk.registry.deregister(name)
        self.unclosed.note_deregistered(name)


def test_muscle3_sender_causes_a_warning_with_the_conduit_and_the_cure():
    bench = Bench(MUSCLE3)
    (warning,) = bench.warnings
    assert warning.startswith(f"Conduit '{bench.conduit}' has a 'last' filter to the outermost")
    assert "Use Conjoin's library for 'macro' or for 'micro'" in warning


@pytest.mark.parametrize(
    ("sender", "conduits"), [(OWN, FILTERED), (MUSCLE3, "macro o_f -> micro f_init")]
)
def test_other_senders_and_conduits_cause_no_warning(sender, conduits):
    assert Bench(sender, conduits=conduits).warnings == []


@pytest.mark.parametrize("waits_first", [True, False])
def test_run_fails_once_a_muscle3_receiver_waits_for_a_sender_that_has_finished(waits_first):
    bench = Bench(MUSCLE3)
    if waits_first:
        bench.unclosed.note_wait(bench.wait)
        assert bench.failures == []
    bench.leave("macro")
    if not waits_first:
        bench.unclosed.note_wait(bench.wait)
    (failure,) = bench.failures
    assert "Instance 'micro' waits on port" in failure
    assert "for another message of 'macro', which has finished" in failure


def test_receiver_that_waits_no_longer_does_not_end_the_run():
    bench = Bench(MUSCLE3)
    bench.unclosed.note_wait(bench.wait)
    bench.unclosed.note_wait_done("micro")
    bench.leave("macro")
    assert bench.failures == []


def test_own_receiver_does_not_end_the_run():
    bench = Bench(MUSCLE3, OWN)
    bench.unclosed.note_wait(bench.wait)
    bench.leave("macro")
    assert bench.failures == []
