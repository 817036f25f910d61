"""Failures of a run, their descriptions, and the choice of the cause."""

import pytest

from domain.running.failure_kinds import FailureKind
from domain.running.process_end import SUCCESS, Exited, Killed, NeverStarted, NodeLost
from domain.running.run_state.failures import (
    SHOWN_LINES,
    Failure,
    Failures,
    failure_by_report,
    failure_of_process,
    infer_kind,
    is_own_failure,
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


def test_lost_nodes_lead_the_description_and_their_programs_are_victims():
    lost = failure("a", end=NodeLost("node 'n' was lost: no heartbeat"), output="Killed")
    failures = of(lost, failure("b", kind=FailureKind.LOST_PEER))
    failures.note_lost_node("Node 'n' was lost: no heartbeat")
    assert failures.describe() == (
        "Node 'n' was lost: no heartbeat.\nBecause of this, these failed: a, b."
    )


def test_program_that_an_agent_ended_as_it_gave_up_is_not_the_cause():
    ended_by_agent = failure("a", end=NodeLost("its agent ended all programs: silence"))
    assert of(ended_by_agent).describe() == (
        "Its agent ended all programs: silence.\nBecause of this, these failed: a."
    )


def test_lost_node_is_described_before_a_failure_of_another_node():
    failures = of(failure("a"))
    failures.note_lost_node("Node 'm' was lost")
    assert failures.describe().startswith("Node 'm' was lost.\nInstance 'a' failed")


def test_process_end_replaces_the_report_and_keeps_its_place():
    report = Failure("a", None, "a tangled mesh", is_final=False)
    failures = of(report, failure("b"), failure("a", end=Exited(3)))
    assert failures.names() == ("a", "b")
    assert failures.cause == failure("a", end=Exited(3))


def test_withdrawn_report_is_not_the_cause():
    failures = of(Failure("a", None, "a tangled mesh", is_final=False), failure("b"))
    failures.withdraw("a")
    failures.withdraw("b")
    assert failures.names() == ("b",)


def test_summary_of_a_failure_has_the_line_of_code_and_the_victims():
    output = 'Traceback (most recent call last):\n  File "m.py", line 3\n    f()\nValueError: no'
    failures = of(VICTIM, failure("culprit", output=output))
    assert failures.summarise().splitlines() == [
        "Instance 'culprit' failed: it exited with code 1.",
        "    at m.py:3: f()",
        "    ValueError: no",
        "Because of this, these failed too: victim.",
    ]


def test_summary_of_a_deadlock_has_the_cure_and_not_the_failures():
    failures = of(failure("a", output="Deadlock detected"))
    failures.note_deadlock("\n".join(["Deadlock:", *(f"- wait {n}" for n in range(9))]))
    *waits, cure = failures.summarise().splitlines()
    assert waits == ["Deadlock:", "- wait 0", "- wait 1", "- wait 2", "- and 6 more"]
    assert cure.startswith("Check that each of them sends")


def test_summary_of_a_lost_node_is_its_description():
    failures = of(failure("a", end=NodeLost("node 'n' was lost: gone")))
    assert failures.summarise() == failures.describe()


def test_long_lines_of_error_output_are_cut():
    text = of(failure("a", output="first\n" + "x" * 2**18)).describe()
    assert len(text) < 1000
    assert "characters left out" in text


def test_long_reported_error_is_cut():
    report = Report("x" * 2**18, FailureKind.OWN)
    assert len(failure_by_report(InstanceLife("a", report=report)).describe()) < 3000
    assert len(problem_of(ended(EXITED, report=report))) < 3000


def test_lost_peer_of_muscle3_is_found_above_the_lines_that_are_shown():
    output = "\n".join([LOST, *("cleaning up" for _ in range(40))])
    found = failure_of_process(ended(EXITED), output)
    assert found.kind is FailureKind.LOST_PEER
    assert found.last_lines().count("cleaning up") == SHOWN_LINES
    assert LOST not in found.last_lines()


def test_instance_that_was_stopped_is_not_the_cause():
    stopped = failure("victim", kind=FailureKind.STOPPED)
    assert of(stopped, failure("culprit")).names() == ("culprit", "victim")


def ended(end, **facts):
    return InstanceLife("a", is_by_hand=False, end=end, **facts)


@pytest.mark.parametrize(
    ("instance", "problem"),
    [
        (ended(Killed(9), has_registered=True), "memory runs out"),
        (ended(Killed(11), has_registered=True), "PYTHONFAULTHANDLER=1"),
        (ended(Exited(137)), "137 is 128 + 9: signal 9 (SIGKILL) killed it; Conjoin did not"),
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
        (ended(EXITED, report=Report("a tangled mesh", None)), "a tangled mesh"),
        (ended(Killed(9), report=Report("a tangled mesh", None)), "a tangled mesh"),
    ],
)
def test_problem_of_a_process_is_explained(instance, problem):
    assert problem in problem_of(instance)


@pytest.mark.parametrize(
    "instance",
    [
        ended(SUCCESS, has_registered=True, has_deregistered=True),
        ended(EXITED, has_registered=True, report=Report("", None)),
        ended(Killed(40)),
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
        (Report("a tangled mesh", None), False, LOST, FailureKind.OWN),
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


@pytest.mark.parametrize(
    ("report", "is_own"),
    [
        (Report("a tangled mesh", FailureKind.OWN), True),
        (Report("a tangled mesh", None), True),
        (Report("", FailureKind.OWN), True),
        (Report("", None), False),
        (Report(LOST, None), False),
        (Report("a tangled mesh", FailureKind.LOST_PEER), False),
        (Report("a tangled mesh", FailureKind.DEADLOCK), False),
    ],
)
def test_report_of_an_own_failure_is_recognised(report, is_own):
    assert is_own_failure(report) is is_own
