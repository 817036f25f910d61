"""The end of a process, as one value that is used from the agent to the final message.

Operating systems and shells encode this as one integer: a negative number, or 128 plus the
signal. Adapters translate at the boundary, so no other code interprets such integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Exited:
    """The process ended by itself.

    Attributes:
        code: Its exit code; 0 means success.
    """

    code: int

    def __str__(self) -> str:
        return f"exited with code {self.code}"


@dataclass(frozen=True, slots=True)
class Killed:
    """A signal ended the process.

    Attributes:
        signal: Number of the signal.
    """

    signal: int

    def __str__(self) -> str:
        return f"was killed by signal {self.signal}{_signal_name(self.signal)}"


@dataclass(frozen=True, slots=True)
class NeverStarted:
    """The process was requested, but never ran.

    Attributes:
        reason: Why, such as the system's error message.
    """

    reason: str

    def __str__(self) -> str:
        return f"could not be started: {self.reason}"


@dataclass(frozen=True, slots=True)
class NodeLost:
    """The process was on a node whose agent is gone.

    Attributes:
        reason: Which node was lost, and why.
    """

    reason: str

    def __str__(self) -> str:
        return f"ended because {self.reason}"


ProcessEnd: TypeAlias = Exited | Killed | NeverStarted | NodeLost
"""How a process ended; `str()` of it completes the sentence "It …"."""

SUCCESS: Final = Exited(0)


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """The end of a named process.

    Attributes:
        name: The name given in the command that started it.
        end: How it ended.
    """

    name: str
    end: ProcessEnd


def from_return_code(return_code: int) -> Exited | Killed:
    """Translate a return code of Python's `subprocess`, where -N means signal N."""
    return Killed(-return_code) if return_code < 0 else Exited(return_code)


_SIGNALS: Final = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL",
    6: "SIGABRT",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    15: "SIGTERM",
}
"""Signals that end programs and have the same number on every platform."""


def _signal_name(number: int) -> str:
    return f" ({_SIGNALS[number]})" if number in _SIGNALS else ""
