"""Values that are sent in place of a proxy, a task or a reference.

The sender's pickler replaces each proxy by one of these values, and the receiver's restores a
proxy that belongs to the receiving process.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.runtime.payloads import EngineValue


@dataclass(frozen=True, slots=True)
class ActorHandle:
    """An actor.

    Attributes:
        uid: Its uid.
        type_name: The name of its class.
        home: Uid of the worker that it was on.
        creator: Uid of the member that created it, and restarts it.
        is_restartable: Whether its creator creates it again after the loss of its worker.
    """

    uid: str
    type_name: str
    home: str
    creator: str
    is_restartable: bool = False


@dataclass(frozen=True, slots=True)
class TaskHandle:
    """A task, which its owner settles.

    Attributes:
        uid: Its uid.
        name: Its function or method.
        owner: Uid of the member that created it.
    """

    uid: str
    name: str
    owner: str


@dataclass(frozen=True, slots=True)
class ValueHandle:
    """A stored value.

    Attributes:
        uid: Its uid.
        value: The value, as the engine identifies it; None if it does not exist any longer.
        owner: Uid of the member that stored it.
    """

    uid: str
    value: EngineValue | None
    owner: str


@dataclass(frozen=True, slots=True)
class MemberHandle:
    """The proxy of a runtime."""

    uid: str


@dataclass(frozen=True, slots=True)
class ArgumentSlot:
    """A place in the arguments of a task that the result of another task, or a value, takes.

    Attributes:
        index: Which of the values that travel with the arguments.
        keys: What to take of it, one index or key inside the other; none takes all of it.
    """

    index: int
    keys: tuple[object, ...] = ()
