"""Everything that can go wrong, as one tree.

::

    CouplingError
    ├── ConfigurationError          the yMMSL or the command line is to be fixed
    ├── UsageError                  the model's code is to be fixed
    │   ├── PortError               (also a RuntimeError)
    │   │   ├── PortMissing         (also a KeyError)
    │   │   └── PortClosed
    │   ├── CallOrderError          (also a RuntimeError)
    │   ├── SettingMissing          (also a KeyError)
    │   ├── SettingMismatch         (also a TypeError)
    │   ├── UnsendableData          (also a TypeError)
    │   │   └── DataTooLarge
    │   ├── ArgumentMismatch        (also a TypeError)
    │   ├── ArgumentInvalid         (also a ValueError)
    │   └── ImplementationMissing   (also a ValueError)
    ├── RunError                    the run went wrong (also a RuntimeError)
    │   ├── PeerLost
    │   ├── Deadlock
    │   ├── InstanceFailed
    │   ├── ManagerRefused
    │   ├── InsufficientResources
    │   ├── InconsistentSnapshot
    │   │   └── ForeignSnapshot
    │   └── SnapshotNotStored
    ├── TransportError              a connection failed; `transient` says whether to retry
    │   └── PeerUnreachable         no transport of this instance reaches a peer
    └── ProtocolError               bytes or messages that make no sense
        ├── LocalProtocolError      we misused the protocol
        └── RemoteProtocolError     the other side did

Errors that a model may catch also subclass the built-in that MUSCLE3 raises in the same place, so
that a converted model keeps working.
"""


class CouplingError(Exception):
    """Base of all errors that Conjoin raises on purpose."""


class ConfigurationError(CouplingError):
    """The configuration or the command line is wrong; the text says where and what to do.

    Attributes:
        problems: One sentence for each thing to fix.
        oddities: What is not wrong by itself, but may be the reason.
    """

    oddities: tuple[str, ...] = ()

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        if len(problems) == 1:
            super().__init__(problems[0])
        else:
            super().__init__("\n".join(f"- {problem}" for problem in problems))


class UsageError(CouplingError):
    """The model's code uses the library in a way that cannot work."""


class PortError(UsageError, RuntimeError):
    """A port was used that does not exist, or in a way that does not fit it."""


class PortMissing(KeyError, PortError):
    """A port was asked about that does not exist."""

    def __str__(self) -> str:
        """Return the sentence itself, where a KeyError would show its repr."""
        return str(self.args[0])


class PortClosed(PortError):
    """A message was expected on a port whose peer has closed it."""


class CallOrderError(UsageError, RuntimeError):
    """A call was made at a moment at which it is not allowed."""


class ArgumentMismatch(UsageError, TypeError):
    """An argument is of a type that cannot be used there."""


class ArgumentInvalid(UsageError, ValueError):
    """An argument has a value that cannot be used there."""


class SettingMissing(UsageError, KeyError):
    """A setting was asked for that is not set, and there was no default."""

    def __init__(self, name: str, tried: tuple[str, ...]) -> None:
        self.name = name
        self.tried = tried
        super().__init__(
            f"Setting '{name}' is not set, and the model gave no default for it. Add it to the"
            f" settings in the yMMSL file, under one of: {', '.join(tried)}."
        )

    def __str__(self) -> str:
        """Return the sentence itself, where a KeyError would show its repr."""
        return str(self.args[0])


class SettingMismatch(UsageError, TypeError):
    """A setting has a value of another type than the model asked for."""

    def __init__(self, name: str, value: object, wanted: str) -> None:
        self.name = name
        self.value = value
        self.wanted = wanted
        super().__init__(
            f"Setting '{name}' has value {value!r}, which is a {type(value).__name__}, but the"
            f" model asked for a value of type {wanted}. Change the value in the yMMSL file, or"
            " the type in the model."
        )


class UnsendableData(UsageError, TypeError):
    """An object was sent, or saved, of which some part cannot be put into a message.

    Attributes:
        path: Where the part is, as a Python expression on the message's `data` or `settings`.
        reason: Why it cannot be sent.
    """

    def __init__(self, path: str, reason: str, *, purpose: str = "sent") -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path} cannot be {purpose}: {reason}")


class DataTooLarge(UnsendableData):
    """Some part of an object is larger than a message, or a snapshot, can hold in one piece."""


class ImplementationMissing(UsageError, ValueError):
    """A simulation of Python functions lacks one for some component.

    Attributes:
        missing: Names of the implementations that are missing.
    """

    def __init__(self, missing: tuple[str, ...], given: tuple[str, ...]) -> None:
        self.missing = missing
        names = ", ".join(f"'{name}'" for name in missing)
        super().__init__(
            f"The model needs implementations {names}, and there is neither a function nor a"
            f" program of that name. The functions given are: {', '.join(given) or 'none'}."
        )


class RunError(CouplingError, RuntimeError):
    """The run went wrong in a way that no code or configuration here can prevent."""


class PeerLost(RunError):
    """A peer went away while we still needed it."""


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
    """The model needs more cores than there are."""


class InconsistentSnapshot(RunError):
    """A snapshot cannot be used to resume this simulation."""


class ForeignSnapshot(InconsistentSnapshot):
    """A snapshot that another library wrote, and that this library cannot decode.

    An instance with that other library can still resume from it.

    Attributes:
        location: Where the snapshot is.
        reason: Why it cannot be decoded.
    """

    def __init__(self, message: str, *, location: str, reason: str) -> None:
        self.location = location
        self.reason = reason
        super().__init__(message)


class SnapshotNotStored(RunError):
    """A snapshot could not be stored, in a run that is to end then."""


class TransportError(CouplingError):
    """A connection could not be made or was lost.

    Attributes:
        transient: Whether trying again may help.
    """

    def __init__(self, message: str, *, transient: bool = False) -> None:
        self.transient = transient
        super().__init__(message)


class PeerUnreachable(TransportError):
    """A peer published no location that a transport of this instance reaches."""


class ProtocolError(CouplingError):
    """A message or its bytes make no sense."""


class LocalProtocolError(ProtocolError):
    """We misused a protocol: a bug in this program."""


class RemoteProtocolError(ProtocolError):
    """The other side of a connection does not keep to the protocol."""
