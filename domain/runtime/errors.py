"""Errors of engines, and of pickling.

::

    EngineError             (a RunError) the engine failed; also when hosts do not start
    ├── HostLost            the host is gone; the request may have been executed
    ├── Unreachable         the request was not delivered
    ├── ValueLost           a stored value no longer exists
    ├── HostFailed          the host raised an exception, instead of a reply
    └── Unsupported         the engine lacks a capability
    Unpicklable             (a UsageError and TypeError) an object cannot be pickled
    Unloadable              (a RunError) a pickle cannot be loaded
    RemoteFailure           (a RunError) replaces an exception that cannot be pickled or loaded
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.errors import RunError, UsageError
from domain.runtime.hosts import Capability, LossReason


class EngineError(RunError):
    """The engine failed.

    Attributes:
        hosts: For `open`: the hosts that did not start, and why.
    """

    def __init__(self, message: str, hosts: Mapping[str, str] | None = None) -> None:
        self.hosts = dict(hosts or {})
        super().__init__(message)


class HostLost(EngineError):
    """A host is gone, and will not reply.

    Attributes:
        uid: The host.
        reason: Why.
        perhaps_done: Whether the request may have been executed.
    """

    def __init__(self, uid: str, reason: LossReason, *, perhaps_done: bool) -> None:
        self.uid = uid
        self.reason = reason
        self.perhaps_done = perhaps_done
        super().__init__(f"{uid} is lost: it {reason}")

    def __reduce__(self) -> tuple[object, ...]:
        return _host_lost, (self.uid, self.reason, self.perhaps_done)


def _host_lost(uid: str, reason: LossReason, perhaps_done: bool) -> HostLost:
    return HostLost(uid, reason, perhaps_done=perhaps_done)


class Unreachable(EngineError):
    """A request was not delivered, and will not be executed."""


class ValueLost(EngineError):
    """A stored value no longer exists: it was released, or the process that kept it is gone.

    Attributes:
        key: Key of the value.
    """

    def __init__(self, key: str, why: str) -> None:
        self.key = key
        self.why = why
        super().__init__(f"value {key} is lost: {why}")

    def __reduce__(self) -> tuple[object, ...]:
        return ValueLost, (self.key, self.why)


class HostFailed(EngineError):
    """The RuntimeHost raised an exception instead of returning a reply. The host still runs."""


class Unsupported(EngineError):
    """The engine lacks a capability.

    Attributes:
        capability: The capability that it lacks.
        advice: What to do instead.
    """

    def __init__(self, capability: Capability, engine: str, advice: str = "") -> None:
        self.capability = capability
        self.engine = engine
        self.advice = advice
        what = f"the capability {capability.name} ({capability.value})"
        end = f". {advice}" if advice else ""
        super().__init__(f"engine '{engine}' does not have {what}{end}")

    def __reduce__(self) -> tuple[object, ...]:
        return Unsupported, (self.capability, self.engine, self.advice)


class Unpicklable(UsageError, TypeError):
    """An object cannot be pickled.

    Attributes:
        path: The part that cannot be pickled, as a Python expression: `model.grid["lock"]`.
        reason: Why.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path} cannot be pickled: {reason}")

    def __reduce__(self) -> tuple[object, ...]:
        return Unpicklable, (self.path, self.reason)


class Unloadable(RunError):
    """A pickle cannot be loaded here; the message says why, such as a missing module."""


class RemoteFailure(RunError):
    """Replaces an exception of another process that cannot be pickled or loaded.

    Attributes:
        type_name: The name of its type.
        text: Its message.
        traceback: Its traceback, as text.
    """

    def __init__(self, type_name: str, text: str, traceback: str) -> None:
        self.type_name = type_name
        self.text = text
        self.traceback = traceback
        super().__init__(f"{type_name}: {text}")

    def __reduce__(self) -> tuple[object, ...]:
        return RemoteFailure, (self.type_name, self.text, self.traceback)
