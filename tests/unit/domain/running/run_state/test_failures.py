"""Failures of a run, their descriptions, and the choice of the cause."""

import pytest

from domain.running.failure_kinds import FailureKind
from domain.running.process_end import SUCCESS, Exited, Killed, NeverStarted, NodeLost
from domain.running.run_state.failures import (
    Failure,
    Failures,
    failure_by_report,
    failure_of_process,
    infer_kind,
    problem_of,
)
from domain.running.run_state.instance_life import InstanceLife, Report

EXITED = Exited(1)


def failure(name, *, end=EXITED, reason=None, output="", kind=FailureKind.OWN):
    return Failure(name, end, reason, output, kind)


VICTIM = failure("victim", kind=FailureKind.LOST_PEER)


def of(*items):
    failures = Failures()
    for item in items:
        failures.add(item)
    return failures


def test_empty_failures_have_no_description():
    failures = Failures()
    assert not failures
    assert (failures.cause, failures.names(), failures.describe()) == (None, (), "")


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (failure("a", end=Exited(3)), "Instance 'a' failed: it exited with code 3."),
        (failure("a", end=Exited(0), reason="why not"), "it exited with code 0; why not."),
        (failure("a", end=Exited(0), reason="who knows?"), "who knows?"),
        (failure("a", end=None, reason="Out of cheese."), "failed: Out of cheese."),
    ],
)
def test_failure_is_described_in_a_sentence(item, text):
    assert item.describe().endswith(text)


def test_cause_is_the_first_failure_that_is_not_a_lost_peer():
    failures = of(VICTIM, failure("culprit"), failure("other"))
    assert failures.names() == ("culprit", "victim", "other")
    assert failures.describe().endswith("Because of this, these failed too: victim, other.")


def test_instance_that_reports_a_lost_peer_is_not_the_cause():
    lost = failure("victim", end=None, reason="The port was closed.", kind=FailureKind.LOST_PEER)
    assert of(lost, failure("culprit")).names() == ("culprit", "victim")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("RuntimeError: The port was closed. Did the peer crash?", FailureKind.LOST_PEER),
        ("connection with peer 'macro' was lost. Did the peer crash? (…)", FailureKind.LOST_PEER),
        ("ValueError: Out of cheese.", FailureKind.OWN),
        ("", FailureKind.OWN),
    ],
)
def test_failure_kind_is_inferred_from_the_error_message_of_muscle3(text, kind):
    assert infer_kind(text) is kind


def test_first_failure_is_the_cause_if_all_are_lost_peers():
    assert of(VICTIM, VICTIM).cause is VICTIM


def test_error_output_is_shown_below_the_failure():
    text = of(failure("a", output="one\ntwo")).describe()
    assert text.endswith("The last lines of its error output were:\n    one\n    two")


def test_blank_error_output_is_not_shown():
    assert "last lines" not in of(failure("a", output=" \n\n")).describe()


def test_only_the_first_deadlock_is_described_before_the_failures():
    failures = of(failure("a", output="Deadlock detected"))
    failures.note_deadlock("a waits for b.")
    failures.note_deadlock("c waits for d.")
    assert failures.describe().splitlines()[0] == "a waits for b."
    assert "c waits" not in failures.describe()
    assert "Deadlock detected" not in failures.describe()


def test_deadlock_is_described_without_failures():
    failures = Failures()
    failures.note_deadlock("a waits for b.")
    assert failures.describe() == "a waits for b."


def test_lost_node_is_described_unless_a_failure_names_it():
    failures = of(failure("a", end=NodeLost("node 'n' was lost")))
    failures.note_lost_node("node 'n' was lost")
    failures.note_lost_node("Node 'm' was lost")
    assert failures.describe().splitlines()[0] == "Node 'm' was lost"
    assert failures.describe().lower().count("node 'n'") == 1


def test_instance_that_was_stopped_is_not_the_cause():
    stopped = failure("victim", kind=FailureKind.STOPPED)
    assert of(stopped, failure("culprit")).names() == ("culprit", "victim")


def ended(end, **facts):
    return InstanceLife("a", is_by_hand=False, end=end, **facts)


@pytest.mark.parametrize(
    ("instance", "problem"),
    [
        (ended(Killed(9), has_registered=True), "memory runs out"),
        (ended(SUCCESS), "it never registered"),
        (ended(SUCCESS, has_registered=True), "reuse loop was not over"),
        (
            ended(SUCCESS, has_registered=True, report=Report("a tangled mesh", None)),
            "it reported an error: a tangled mesh",
        ),
        (
            ended(SUCCESS, has_registered=True, has_deregistered=True, report=Report("", None)),
            "it did not report which",
        ),
    ],
)
def test_problem_of_a_process_is_explained(instance, problem):
    assert problem in problem_of(instance)


@pytest.mark.parametrize(
    "instance",
    [
        ended(SUCCESS, has_registered=True, has_deregistered=True),
        ended(EXITED, has_registered=True, report=Report("a tangled mesh", None)),
        ended(Killed(11)),
        ended(NeverStarted("no such file")),
        ended(NodeLost("node 'n' was lost")),
    ],
)
def test_end_that_explains_itself_has_no_further_problem(instance):
    assert problem_of(instance) is None


LOST = "did the peer crash?"


@pytest.mark.parametrize(
    ("report", "is_own", "output", "kind"),
    [
        (None, False, LOST, FailureKind.LOST_PEER),
        (None, False, "", FailureKind.OWN),
        (None, True, LOST, FailureKind.OWN),
        (Report("", FailureKind.LOST_PEER), True, "", FailureKind.LOST_PEER),
        (Report(LOST, FailureKind.OWN), True, LOST, FailureKind.OWN),
        (Report(LOST, None), True, "", FailureKind.LOST_PEER),
        (Report("", None), True, LOST, FailureKind.LOST_PEER),
        (Report("", None), False, "", FailureKind.OWN),
    ],
)
def test_kind_of_a_process_failure_is_reported_or_inferred_from_the_error(
    report, is_own, output, kind
):
    instance = ended(EXITED, is_own=is_own, report=report)
    assert failure_of_process(instance, output).kind is kind


@pytest.mark.parametrize(
    ("report", "reason", "kind"),
    [
        (Report("a tangled mesh", FailureKind.OWN), "a tangled mesh", FailureKind.OWN),
        (Report("", FailureKind.DEADLOCK), "it did not report why", FailureKind.DEADLOCK),
        (Report(LOST, None), LOST, FailureKind.LOST_PEER),
    ],
)
def test_reported_failure_has_its_reason_and_kind(report, reason, kind):
    found = failure_by_report(InstanceLife("a", report=report))
    assert (found.end, found.reason, found.kind) == (None, reason, kind)
