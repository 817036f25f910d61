"""All errors that Conjoin raises, as one hierarchy.

::

    CouplingError
    ├── ConfigurationError          the user must fix the yMMSL or the command line
    ├── UsageError                  the user must fix the model's code
    │   ├── PortError               (also a RuntimeError)
    │   │   ├── PortMissing         (also a KeyError)
    │   │   └── PortClosed
    │   │       └── PeerFinished
    │   ├── CallOrderError          (also a RuntimeError)
    │   ├── SettingMissing          (also a KeyError)
    │   ├── SettingMismatch         (also a TypeError)
    │   ├── UnsendableData          (also a TypeError)
    │   │   └── DataTooLarge
    │   ├── ArgumentMismatch        (also a TypeError)
    │   ├── ArgumentInvalid         (also a ValueError)
    │   └── ImplementationMissing   (also a ValueError)
    ├── RunError                    the run failed (also a RuntimeError)
    │   ├── PeerLost
    │   ├── Deadlock
    │   ├── InstanceFailed
    │   ├── ManagerRefused
    │   ├── InsufficientResources
    │   ├── InconsistentSnapshot
    │   │   └── ForeignSnapshot
    │   └── SnapshotNotStored
    ├── TransportError              a connection failed; retry if it is `transient`
    │   └── PeerUnreachable         no transport of this instance reaches a peer
    └── ProtocolError               invalid bytes or messages
        ├── LocalProtocolError      this program violated the protocol
        └── RemoteProtocolError     the other side violated the protocol

Errors that a model may catch also subclass the built-in exception that MUSCLE3 raises in the same
place, so that a converted model keeps working.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class CouplingError(Exception):
    """Base of all errors that Conjoin raises on purpose."""


class ConfigurationError(CouplingError):
    """The configuration or the command line is wrong; the message says where and how to fix it.

    Attributes:
        problems: One sentence for each problem to fix.
        warnings: Warnings that were found as well; one of them may name the cause.
    """

    warnings: tuple[str, ...] = ()

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        if len(problems) == 1:
            super().__init__(problems[0])
        else:
            super().__init__("\n".join(f"- {problem}" for problem in problems))


class UsageError(CouplingError):
    """The model's code uses the library in a way that cannot work."""


class PortError(UsageError, RuntimeError):
    """A port does not exist, or was used in a way that it does not support."""


class PortMissing(KeyError, PortError):
    """The model queried a port that does not exist."""

    def __str__(self) -> str:
        """Return the message itself; a KeyError would return its repr."""
        return str(self.args[0])


class PortClosed(PortError):
    """A message was expected on a port that the peer has closed."""


class PeerFinished(PortClosed):
    """A message was expected from a peer that has finished normally.

    A model can handle it, and go on with its other ports.

    Attributes:
        report: Reports the failure to the manager, if the model does not handle it.
    """

    report: Callable[[], object] | None = None


class CallOrderError(UsageError, RuntimeError):
    """A call is not allowed at this point."""


class ArgumentMismatch(UsageError, TypeError):
    """An argument has the wrong type."""


class ArgumentInvalid(UsageError, ValueError):
    """An argument has an invalid value."""


class SettingMissing(UsageError, KeyError):
    """The model requested a setting that is not set, without giving a default."""

    def __init__(self, name: str, tried: tuple[str, ...], *, known: Iterable[str] = ()) -> None:
        self.name = name
        self.tried = tried
        super().__init__(
            f"Setting '{name}' is not set, and the model gave no default for it."
            f"{did_you_mean(name, known)} Add it to the settings in the yMMSL file, under one of:"
            f" {', '.join(tried)}."
        )

    def __str__(self) -> str:
        """Return the message itself; a KeyError would return its repr."""
        return str(self.args[0])


class SettingMismatch(UsageError, TypeError):
    """A setting has a different type than the model requested."""

    def __init__(self, name: str, value: object, wanted: str) -> None:
        self.name = name
        self.value = value
        self.wanted = wanted
        self.instead = _written_as(wanted, value)
        cure = f"Write {self.instead}" if self.instead else "Change the value"
        super().__init__(
            f"Setting '{name}' has value {value!r}, which is a {type(value).__name__}, but the"
            f" model requested a value of type {wanted}. {cure} in the yMMSL file, or change the"
            " type in the model."
        )


def _written_as(wanted: str, value: object) -> str | None:
    """Return how to write the value of a setting so that it has another type; None if unknown."""
    if wanted == "int" and isinstance(value, float) and value.is_integer():
        return str(int(value))
    if wanted == "str" and isinstance(value, (bool, int, float)):
        return f"'{str(value).lower() if isinstance(value, bool) else value}' in quotes"
    if wanted == "bool" and str(value).lower() in ("yes", "on", "true", "1"):
        return "true"
    if wanted == "bool" and str(value).lower() in ("no", "off", "false", "0"):
        return "false"
    if wanted in ("int", "float") and isinstance(value, str):
        try:
            number = float(value) if wanted == "float" else int(value)
        except ValueError:
            return None
        return f"{number} without quotes"
    if wanted.startswith("[") and wanted[1:-1] in ("int", "float") and type(value) is int:
        return f"[{value}]"
    return None


class UnsendableData(UsageError, TypeError):
    """Some part of an object to be sent or saved cannot be encoded in a message.

    Attributes:
        path: Location of the part, as a Python expression on the message's `data` or `settings`.
        reason: Why it cannot be encoded.
    """

    def __init__(self, path: str, reason: str, *, purpose: str = "sent") -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path} cannot be {purpose}: {reason}")


class DataTooLarge(UnsendableData):
    """Some part of an object exceeds the maximum size for a message or a snapshot."""


class ImplementationMissing(UsageError, ValueError):
    """A simulation of Python functions lacks an implementation of some component.

    Attributes:
        missing: Names of the implementations that are missing.
    """

    def __init__(self, missing: tuple[str, ...], given: tuple[str, ...]) -> None:
        self.missing = missing
        names = ", ".join(f"'{name}'" for name in missing)
        super().__init__(
            f"The model needs implementations {names}, but there is neither a function nor a"
            f" program of that name. The functions given are: {', '.join(given) or 'none'}."
        )


class RunError(CouplingError, RuntimeError):
    """The run failed for a reason that neither code nor configuration can prevent."""


class PeerLost(RunError):
    """A peer disappeared while it was still needed."""


class Deadlock(RunError):
    """Instances wait for each other in a cycle."""


class InstanceFailed(RunError):
    """One or more instances of the simulation failed.

    Attributes:
        instances: Names of those that failed, the cause first.
    """

    def __init__(self, message: str, instances: tuple[str, ...] = ()) -> None:
        self.instances = instances
        super().__init__(message)


class ManagerRefused(RunError):
    """The manager answered a request with an error."""


class InsufficientResources(RunError):
    """The model needs more cores than are available."""


class InconsistentSnapshot(RunError):
    """A snapshot cannot be used to resume this simulation."""


class ForeignSnapshot(InconsistentSnapshot):
    """A snapshot was written by another library, and this library cannot decode it.

    An instance that uses the other library can still resume from it.

    Attributes:
        location: Where the snapshot is.
        reason: Why it cannot be decoded.
    """

    def __init__(self, message: str, *, location: str, reason: str) -> None:
        self.location = location
        self.reason = reason
        super().__init__(message)


class SnapshotNotStored(RunError):
    """A snapshot could not be stored, in a run that must stop in that case."""


class TransportError(CouplingError):
    """A connection could not be made or was lost.

    Attributes:
        transient: Whether a retry may succeed.
    """

    def __init__(self, message: str, *, transient: bool = False) -> None:
        self.transient = transient
        super().__init__(message)


class PeerUnreachable(TransportError):
    """A peer published no location that a transport of this instance can reach."""


class ProtocolError(CouplingError):
    """A message, or its encoding, is invalid."""


class LocalProtocolError(ProtocolError):
    """This program violated a protocol, which is a bug."""


class RemoteProtocolError(ProtocolError):
    """The other side of a connection violated the protocol."""
