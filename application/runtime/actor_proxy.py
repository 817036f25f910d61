"""An actor, as its users see it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Protocol

from application.runtime.actor_record import ActorRecord
from application.runtime.task import Task
from domain.runtime.options import CALL_WORDS, CallOptions, split_keywords

CALL = "call"
GET = "get"
SET = "set"


class Caller(Protocol):
    """The service that calls actors, as a proxy uses it."""

    def call(
        self,
        record: ActorRecord,
        action: str,
        method: str,
        args: tuple[object, ...],
        keywords: Mapping[str, object],
        options: CallOptions,
    ) -> Task:
        """Call a method, or read or set an attribute, as a task."""

    def cancel(self, record: ActorRecord) -> None:
        """Cancel the creation of an actor."""

    def runtime_of(self, record: ActorRecord) -> object:
        """Return the proxy of the runtime on which an actor is."""


class ActorProxy:
    """Calls the methods of an actor: each call is a task.

    `await proxy` waits until the actor is created, and returns the proxy. `await proxy.name` reads
    an attribute.

    Args:
        record: The record of the actor.
        caller: The service that calls it.
    """

    def __init__(self, record: ActorRecord, caller: Caller) -> None:
        self._record = record
        self._caller = caller

    def __repr__(self) -> str:
        return f"<{self._record.type_name} {self._record.uid}>"

    def __await__(self) -> Generator[object, None, ActorProxy]:
        """Wait until the actor is created."""
        if self._record.creation is not None:
            yield from self._record.creation.__await__()
        return self

    def __call__(self, *args: object, **keywords: object) -> Task:
        """Call the actor itself."""
        return Member(self._record, self._caller, "__call__")(*args, **keywords)

    def __getattr__(self, name: str) -> Member:
        """Return a method or an attribute of the actor."""
        if name.startswith("__"):
            raise AttributeError(name)
        return Member(self._record, self._caller, name)

    @property
    def uid(self) -> str:
        """The uid of the actor."""
        return self._record.uid

    @property
    def type(self) -> str:
        """The name of its class."""
        return self._record.type_name

    @property
    def state(self) -> str:
        """The state of its creation: `pending` to `done`, or `failed`."""
        return "done" if self._record.creation is None else self._record.creation.state

    @property
    def runtime_id(self) -> str:
        """The uid of the worker that it is on; empty until one is chosen."""
        return self._record.home

    @property
    def remote_runtime(self) -> object:
        """The proxy of that worker."""
        return self._caller.runtime_of(self._record)

    @property
    def init_future(self) -> Task | None:
        """The task that creates it; None in processes that did not create it."""
        return self._record.creation

    async def get_attr(self, name: str) -> object:
        """Return the value of an attribute.

        Raises:
            AttributeError: It has none of that name.
        """
        return await self._caller.call(self._record, GET, name, (), {}, CallOptions()).result()

    async def set_attr(self, name: str, value: object) -> None:
        """Set an attribute."""
        await self._caller.call(self._record, SET, name, (value,), {}, CallOptions())

    def cmd(self, method: str, *args: object, **keywords: object) -> Task:
        """Call a method by its name."""
        return Member(self._record, self._caller, method)(*args, **keywords)

    def options(self, **options: object) -> ActorProxy:
        """Return a proxy whose calls have these options.

        Raises:
            TypeError: For an unknown option.
        """
        return _ProxyWithOptions(self._record, self._caller, _call_options(options))

    def cancel(self) -> None:
        """Cancel its creation. Ignored once it is created."""
        self._caller.cancel(self._record)


class _ProxyWithOptions(ActorProxy):
    """A proxy whose calls have options, and pass every keyword on."""

    def __init__(self, record: ActorRecord, caller: Caller, options: CallOptions) -> None:
        super().__init__(record, caller)
        self._options = options

    def __getattr__(self, name: str) -> Member:
        """Return a method with the options."""
        if name.startswith("__"):
            raise AttributeError(name)
        return Member(self._record, self._caller, name, self._options)


class Member:
    """A method or an attribute of an actor: call it, or await its value."""

    def __init__(
        self, record: ActorRecord, caller: Caller, name: str, options: CallOptions | None = None
    ) -> None:
        self._record = record
        self._caller = caller
        self._name = name
        self._options = options

    def __call__(self, *args: object, **keywords: object) -> Task:
        """Call the method, as a task.

        The keywords of `CallOptions` belong to the runtime, unless `options` was called.
        """
        options = self._options
        if options is None:
            if keywords and not CALL_WORDS.isdisjoint(keywords):
                own, keywords = split_keywords(keywords, CALL_WORDS)
                options = _call_options(own)
            else:
                options = _DEFAULT
        return self._caller.call(self._record, CALL, self._name, args, keywords, options)

    def __await__(self) -> Generator[object, None, object]:
        """Return the value of the attribute."""
        task = self._caller.call(self._record, GET, self._name, (), {}, _DEFAULT)
        return task.result().__await__()

    def options(self, **options: object) -> Callable[..., Task]:
        """Return the method with options; its calls pass every keyword on.

        Raises:
            TypeError: For an unknown option.
        """
        return Member(self._record, self._caller, self._name, _call_options(options))


_DEFAULT = CallOptions()


def _call_options(options: Mapping[str, object]) -> CallOptions:
    unknown = sorted(set(options) - CALL_WORDS)
    if unknown:
        names = ", ".join(sorted(CALL_WORDS))
        msg = f"A call does not have the option '{unknown[0]}'. Its options are {names}"
        raise TypeError(msg)
    return CallOptions(**options)  # type: ignore[arg-type]
