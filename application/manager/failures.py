"""What went wrong in a run, and who was to blame."""

from __future__ import annotations

from dataclasses import dataclass

from domain.running.failure_kinds import FailureKind
from domain.running.process_end import ProcessEnd

INDIRECT_MARK = "peer crash?"
"""Part of the errors of MUSCLE3's library when a peer is lost."""


def kind_in_words(text: str) -> FailureKind:
    """Return the kind of a failure by the error message or output of a MUSCLE3 instance.

    MUSCLE3's protocol has no request to report it.
    """
    return FailureKind.LOST_PEER if INDIRECT_MARK in text else FailureKind.OWN


@dataclass(frozen=True)
class Failure:
    """An instance that did not end well.

    Attributes:
        instance: Its name.
        end: How its process ended; None if unknown, because the user has started it.
        reason: Why, where the end alone does not explain it.
        error_output: The last lines of its stderr.
        kind: What kind of failure it is.
    """

    instance: str
    end: ProcessEnd | None
    reason: str | None
    error_output: str = ""
    kind: FailureKind = FailureKind.OWN

    @property
    def is_indirect(self) -> bool:
        """Whether it failed only because it lost a peer."""
        return self.kind is FailureKind.LOST_PEER

    @property
    def explanation(self) -> str:
        """How its process ended, and why, as far as known."""
        end = None if self.end is None else f"it {self.end}"
        return "; ".join(part for part in (end, self.reason) if part is not None)

    def describe(self) -> str:
        """Return in words what happened."""
        text = f"Instance '{self.instance}' failed: {self.explanation}"
        return text if text.endswith(("?", ".", "!")) else text + "."


class Failures:
    """All failures of a run, in the order in which they were seen."""

    def __init__(self) -> None:
        self._failures: list[Failure] = []
        self._deadlock: str | None = None
        self._lost_nodes: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._failures)

    def add(self, failure: Failure) -> None:
        """Add a failure."""
        self._failures.append(failure)

    def note_lost_node(self, description: str) -> None:
        """Note that a node was lost, which explains failures that come after it."""
        self._lost_nodes.append(description)

    def note_deadlock(self, description: str) -> None:
        """Note that there was a deadlock: whoever fails after it fails because of it."""
        if self._deadlock is None:
            self._deadlock = description

    @property
    def cause(self) -> Failure | None:
        """The failure that caused the others."""
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
        """Return in words what happened, the cause first."""
        cause = self.cause
        if cause is None:
            return self._deadlock or ""
        told = cause.explanation.lower()
        parts = [text for text in self._lost_nodes if text.lower() not in told]
        parts += [self._deadlock] if self._deadlock else []
        parts.append(cause.describe())
        if cause.error_output.strip() and not self._deadlock:
            indented = "\n".join(f"    {line}" for line in cause.error_output.splitlines())
            parts.append(f"The last lines of its error output were:\n{indented}")
        victims = [item.instance for item in self._failures if item is not cause]
        if victims:
            parts.append(f"Because of this, these failed too: {', '.join(victims)}.")
        return "\n".join(parts)
