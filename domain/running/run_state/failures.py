"""The failures of a run, and the search for the one that caused the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from domain.running.failure_kinds import FailureKind
from domain.running.process_end import SUCCESS, NodeLost, ProcessEnd, explain_end
from domain.running.run_state.advice import advice_on
from domain.running.run_state.failure_card import card, deadlock_card
from domain.running.run_state.instance_life import InstanceLife, Report
from domain.wording import shortened

INDIRECT_MARK: Final = "peer crash?"
"""Part of the errors of MUSCLE3's library when a peer is lost."""

SHOWN_LINES: Final = 20
"""Maximum number of lines of a program's error output to show."""

MAX_REASON: Final = 2000
"""Maximum number of characters of an error that an instance reported."""

MAX_LINE: Final = 500
"""Maximum number of characters of a line of a program's error output."""

DISCONNECTED: Final = "it closed its connection to the manager without deregistering"


@dataclass(frozen=True, slots=True)
class Failure:
    """An instance that did not end well.

    Attributes:
        instance: Its name.
        end: How its process ended; None if unknown, because the user has started it.
        reason: Why, where the end alone does not explain it.
        error_output: The last lines of its stderr.
        kind: What kind of failure it is.
        is_final: Whether nothing more is expected to be known of it. An instance that has reported
            an error may still run, and its process's end and output replace the report.
    """

    instance: str
    end: ProcessEnd | None
    reason: str | None
    error_output: str = ""
    kind: FailureKind = FailureKind.OWN
    is_final: bool = True

    @property
    def is_indirect(self) -> bool:
        """Whether something else is to blame: a lost peer, or the end of the run."""
        return self.kind in (FailureKind.LOST_PEER, FailureKind.STOPPED)

    @property
    def explanation(self) -> str:
        """The end of its process, and the reason if it is known."""
        end = None if self.end is None else f"it {self.end}"
        return "; ".join(part for part in (end, self.reason) if part is not None)

    def describe(self) -> str:
        """Return a sentence for the user."""
        return _sentence(f"Instance '{self.instance}' failed: {self.explanation}")

    def last_lines(self) -> str:
        """Return the last lines of its error output, indented, and without overlong lines."""
        lines = self.error_output.splitlines()[-SHOWN_LINES:]
        return "\n".join(f"    {shortened(line, MAX_LINE)}" for line in lines)


class Failures:
    """All failures of a run, in the order in which they were seen."""

    def __init__(self) -> None:
        self._failures: list[Failure] = []
        self._deadlock: str | None = None
        self._lost_nodes: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._failures)

    def add(self, failure: Failure) -> None:
        """Add a failure, or replace one of the same instance that is not final."""
        for index, earlier in enumerate(self._failures):
            if earlier.instance == failure.instance and not earlier.is_final:
                self._failures[index] = failure
                return
        self._failures.append(failure)

    def withdraw(self, instance: str) -> None:
        """Remove the failure of an instance that is not final, if there is one."""
        self._failures = [
            item for item in self._failures if item.instance != instance or item.is_final
        ]

    def includes(self, instance: str) -> bool:
        """Whether an instance has failed."""
        return any(item.instance == instance for item in self._failures)

    def note_lost_node(self, description: str) -> None:
        """Record that a node was lost, which explains failures that follow."""
        self._lost_nodes.append(_sentence(description))

    def note_deadlock(self, description: str) -> None:
        """Record a deadlock, which explains failures that follow. Only the first counts."""
        if self._deadlock is None:
            self._deadlock = description

    @property
    def cause(self) -> Failure | None:
        """The failure that caused the others: the first one that is not indirect, if any."""
        direct = [failure for failure in self._failures if not failure.is_indirect]
        return next(iter(direct or self._failures), None)

    def names(self) -> tuple[str, ...]:
        """Return the names of the instances that failed, the cause first."""
        cause = self.cause
        if cause is None:
            return ()
        others = [item.instance for item in self._failures if item is not cause]
        return (cause.instance, *others)

    def describe(self) -> str:
        """Return a description for the user, the cause first."""
        cause = self.cause
        if cause is None:
            return self._deadlock or ""
        if isinstance(cause.end, NodeLost):
            return self._describe_lost_nodes(cause.end)
        parts = [*self._lost_nodes]
        parts += [self._deadlock] if self._deadlock else []
        parts.append(cause.describe())
        if cause.error_output.strip() and not self._deadlock:
            parts.append(f"The last lines of its error output were:\n{cause.last_lines()}")
        advice = advice_on(cause.error_output)
        if advice is not None:
            parts.append(advice)
        victims = [item.instance for item in self._failures if item is not cause]
        if victims:
            parts.append(f"Because of this, these failed too: {', '.join(victims)}.")
        return "\n".join(parts)

    def summarise(self) -> str:
        """Return the description in a few lines."""
        cause = self.cause
        if cause is None or isinstance(cause.end, NodeLost):
            return self.describe()
        victims = [item.instance for item in self._failures if item is not cause]
        if self._deadlock:
            return deadlock_card(self._deadlock)
        return card(
            cause.describe(),
            error_output=cause.error_output,
            advice=advice_on(cause.error_output),
            victims=victims,
            lead=self._lost_nodes,
        )

    def _describe_lost_nodes(self, end: NodeLost) -> str:
        """Return a description in which the node leads, as the programs on it are its victims."""
        reason = _sentence(end.reason[:1].upper() + end.reason[1:])
        nodes = self._lost_nodes or [reason]
        victims = ", ".join(item.instance for item in self._failures)
        return "\n".join([*nodes, f"Because of this, these failed: {victims}."])


def _sentence(text: str) -> str:
    return text if text.endswith(("?", ".", "!")) else text + "."


def infer_kind(text: str) -> FailureKind:
    """Infer the kind of a failure from the error message or output of a MUSCLE3 instance.

    MUSCLE3's protocol has no request to report it.
    """
    return FailureKind.LOST_PEER if INDIRECT_MARK in text else FailureKind.OWN


def failure_of_process(instance: InstanceLife, error_output: str) -> Failure:
    """Return the failure of an instance whose process did not end well.

    Args:
        instance: The instance.
        error_output: The end of its stderr, with more lines than are shown.
    """
    shown = "\n".join(error_output.splitlines()[-SHOWN_LINES:])
    return Failure(
        instance.name,
        instance.end,
        problem_of(instance),
        shown,
        _kind_of(instance, error_output),
    )


def failure_by_report(instance: InstanceLife) -> Failure:
    """Return the failure that an instance has reported.

    It is final if the user started the instance, as the manager does not see its process then.
    """
    assert instance.report is not None
    problem, kind = instance.report
    reason = shortened(problem, MAX_REASON) or "it did not report why"
    return Failure(
        instance.name,
        None,
        reason,
        kind=kind or infer_kind(problem),
        is_final=instance.is_by_hand,
    )


def is_own_failure(report: Report) -> bool:
    """Whether an instance has reported a failure of its own: its peers fail because of it.

    If the report has neither a kind nor an error, only the instance's output may show the kind.
    """
    if report.kind is None:
        return bool(report.problem) and infer_kind(report.problem) is FailureKind.OWN
    return report.kind is FailureKind.OWN


def problem_of(instance: InstanceLife) -> str | None:
    """Return the problem of an instance whose process has ended, apart from how it ended.

    An exit code of 0 is a failure if the instance has reported an error, or has not deregistered.

    Returns:
        The problem as part of a sentence; None if there is none.
    """
    if instance.report is not None and (instance.report.problem or instance.end == SUCCESS):
        error = shortened(instance.report.problem, MAX_REASON) or "it did not report which"
        return f"before that, it reported an error: {error}"
    if instance.end != SUCCESS:
        return explain_end(instance.end)
    if not instance.has_registered:
        return "it never registered: does the program create an Instance?"
    if not instance.has_deregistered:
        return (
            "its reuse loop was not over: the model must call reuse_instance() until it returns"
            " False"
        )
    return None


def _kind_of(instance: InstanceLife, error_output: str) -> FailureKind:
    report = instance.report
    if report is None:
        # Conjoin's library would have reported the loss of a peer
        return FailureKind.OWN if instance.is_own else infer_kind(error_output)
    return report.kind or infer_kind(report.problem or error_output)
