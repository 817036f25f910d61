"""The keywords of calls that belong to the runtime, not to the method that is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Final

PROXY_NAMES: Final = frozenset(
    {
        "uid",
        "type",
        "state",
        "runtime_id",
        "remote_runtime",
        "init_future",
        "get_attr",
        "set_attr",
        "cmd",
        "options",
        "cancel",
    }
)
"""Attributes of the proxy of an actor, which a class of actors must not define."""

ADDED_NAMES: Final = ("runtime", "comms", "loop", "head", "monitor", "node", "worker", "logger")
"""Attributes that an actor gets where its class does not define them."""

RetryOn = tuple[type[BaseException], ...]


@dataclass(frozen=True, slots=True)
class CallOptions:
    """Options for the call of a method or function.

    Attributes:
        runtime: The worker: a proxy or uid; None lets placement choose.
        lazy: Whether the call starts only when it is awaited.
        eager: Has no effect.
        timeout: Seconds from the call until it is cancelled.
        max_retries: How often it may run again; None for the default of the class.
        retry_on: Types of errors after which it runs again; None for the default of the class.
    """

    runtime: object = None
    lazy: bool = False
    eager: bool = True
    timeout: float | None = None
    max_retries: int | None = None
    retry_on: RetryOn | None = None


@dataclass(frozen=True, slots=True)
class CreationOptions:
    """Options for the creation of an actor.

    Attributes:
        runtime: As in `CallOptions`.
        lazy: Whether the actor is created only when its proxy is awaited or called.
        eager: Has no effect.
        timeout: Seconds that its creation may take.
        max_retries: Default of its calls.
        retry_on: Default of its calls.
        len: Number of actors of an array; None creates a single actor.
        uid: Its uid; None for a generated one.
        name: A name by which `Runtime.actor` finds it.
        cached: Whether the node keeps a copy of a parameter.
        safe: Whether an array leaves out members that cannot be created.
        max_restarts: How often it is created again after the loss of its worker.
        max_concurrency: How many of its tasks may run side by side.
    """

    runtime: object = None
    lazy: bool = False
    eager: bool = True
    timeout: float | None = None
    max_retries: int | None = None
    retry_on: RetryOn | None = None
    len: int | None = None
    uid: str | None = None
    name: str | None = None
    cached: bool = False
    safe: bool = False
    max_restarts: int | None = None
    max_concurrency: int | None = None


CALL_WORDS: Final = frozenset(field.name for field in fields(CallOptions))
CREATION_WORDS: Final = frozenset(field.name for field in fields(CreationOptions))


def split_keywords(
    keywords: Mapping[str, object], words: Iterable[str]
) -> tuple[dict[str, object], dict[str, object]]:
    """Split the keywords of a call into those of the runtime, and those of the method."""
    own = {name: keywords[name] for name in words if name in keywords}
    return own, {name: value for name, value in keywords.items() if name not in own}


def reserved_names_in(attributes: Iterable[str]) -> list[str]:
    """Return the attributes of a class that a proxy needs for itself, sorted."""
    return sorted(PROXY_NAMES.intersection(attributes))
