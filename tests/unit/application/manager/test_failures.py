"""Whose failure is told as the cause."""

import pytest

from application.manager.failures import Failure, Failures, kind_in_words
from domain.running.failure_kinds import FailureKind
from domain.running.process_end import Exited, NodeLost

EXITED = Exited(1)


def failure(name, *, end=EXITED, reason=None, output="", kind=FailureKind.OWN):
    return Failure(name, end, reason, output, kind)


VICTIM = failure("victim", kind=FailureKind.LOST_PEER)


def of(*items):
    failures = Failures()
    for item in items:
        failures.add(item)
    return failures


def test_without_failures_there_is_nothing_to_tell():
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
def test_a_failure_is_told_in_a_sentence(item, text):
    assert item.describe().endswith(text)


def test_the_cause_is_the_first_who_did_not_just_lose_a_peer():
    failures = of(VICTIM, failure("culprit"), failure("other"))
    assert failures.names() == ("culprit", "victim", "other")
    assert failures.describe().endswith("Because of this, these failed too: victim, other.")


def test_instance_that_reports_a_lost_peer_is_not_the_cause():
    said = failure("victim", end=None, reason="The port was closed.", kind=FailureKind.LOST_PEER)
    assert of(said, failure("culprit")).names() == ("culprit", "victim")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("RuntimeError: The port was closed. Did the peer crash?", FailureKind.LOST_PEER),
        ("connection with peer 'macro' was lost. Did the peer crash? (…)", FailureKind.LOST_PEER),
        ("ValueError: Out of cheese.", FailureKind.OWN),
        ("", FailureKind.OWN),
    ],
)
def test_failure_kind_is_found_in_the_words_of_muscle3(text, kind):
    assert kind_in_words(text) is kind


def test_where_all_lost_a_peer_the_first_of_them_is_the_cause():
    assert of(VICTIM, VICTIM).cause is VICTIM


def test_the_last_lines_are_told_below_the_failure():
    text = of(failure("a", output="one\ntwo")).describe()
    assert text.endswith("The last lines of its error output were:\n    one\n    two")


def test_output_without_words_is_not_told():
    assert "last lines" not in of(failure("a", output=" \n\n")).describe()


def test_a_deadlock_comes_first_and_only_the_first_of_them():
    failures = of(failure("a", output="Deadlock detected"))
    failures.note_deadlock("a waits for b.")
    failures.note_deadlock("c waits for d.")
    assert failures.describe().splitlines()[0] == "a waits for b."
    assert "c waits" not in failures.describe()
    assert "Deadlock detected" not in failures.describe()


def test_a_deadlock_without_failures_is_told():
    failures = Failures()
    failures.note_deadlock("a waits for b.")
    assert failures.describe() == "a waits for b."


def test_a_lost_node_is_told_unless_the_failure_says_so_itself():
    failures = of(failure("a", end=NodeLost("node 'n' was lost")))
    failures.note_lost_node("node 'n' was lost")
    failures.note_lost_node("Node 'm' was lost")
    assert failures.describe().splitlines()[0] == "Node 'm' was lost"
    assert failures.describe().lower().count("node 'n'") == 1
