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


def explain_end(end: ProcessEnd | None) -> str | None:
    """Return what a signal or an exit code means, and what to do; None if it needs no explanation.

    A shell exits with code 128 + N if signal N killed its last program.
    """
    match end:
        case Killed(signal):
            return _CURES.get(signal)
        case Exited(code) if code - SIGNAL_EXIT_CODE in _SIGNALS:
            signal = code - SIGNAL_EXIT_CODE
            meaning = f"{code} is 128 + {signal}: signal {signal}{_signal_name(signal)} killed it"
            return "; ".join([meaning, *filter(None, [_CURES.get(signal)])])
    return None


SIGNAL_EXIT_CODE: Final = 128

_CURES: Final = {
    4: "it has an instruction that this processor lacks: compile it for this machine",
    7: "it used memory that is gone: is /dev/shm full, or did a file become shorter?",
    9: "Conjoin did not send that signal, but the system sends it when memory runs out",
    11: (
        "it used memory that is not its own. If it is written in Python, set PYTHONFAULTHANDLER=1"
        " under 'env' of its program, and its stderr.txt shows where"
    ),
}

_SIGNALS: Final = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    15: "SIGTERM",
}
"""Signals that end programs. Their numbers are those of Linux; only SIGBUS has another on macOS."""


def _signal_name(number: int) -> str:
    return f" ({_SIGNALS[number]})" if number in _SIGNALS else ""
