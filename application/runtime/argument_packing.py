"""The arguments of a task, from its caller to its worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from application.interfaces.task_engine import EngineLink
from application.runtime.actor_proxy import ActorProxy
from application.runtime.arrivals import Arrivals
from application.runtime.memory_gate import SMALL
from application.runtime.outcomes import Inline, Stored
from application.runtime.packing import Packing, Parcel
from application.runtime.parameter import PackedParameter, Parameter
from application.runtime.reference import ByReference, Reference
from application.runtime.task import Done, Output, Task
from domain.runtime.arguments import is_plain, replaced
from domain.runtime.errors import Unpicklable
from domain.runtime.handles import ArgumentSlot
from domain.runtime.payload_bundles import bundle, unbundle
from domain.runtime.payloads import EngineValue, Message, Payload, Plain
from domain.runtime.task_errors import DependencyError

FIELDS: Mapping[str, tuple[type, ...]] = {
    "layout": (list, tuple),
    "slots": (list, tuple),
    "proxies": (bool,),
}
"""The fields of a message with arguments. They can be unpacked on any thread without proxies."""

_INLINE = -1


@dataclass(slots=True)
class PackedArguments:
    """Arguments that were pickled when the call was made.

    Attributes:
        pack: Pickles the arguments, with a slot for each value that is awaited; None if they are
            plain, and pickled already.
        parcel: The result; None until `pack` is called, if the home of an actor among the
            arguments is not known yet.
        sources: The tasks whose results fill the slots, in their order.
        needs: All tasks that must be done before.
    """

    pack: Callable[[], Parcel] | None
    parcel: Parcel | None
    sources: list[Task]
    needs: list[Task]

    @property
    def stored_values(self) -> list[EngineValue]:
        """The stored values among them. All needs must be done."""
        values = [] if self.parcel is None else list(self.parcel.values)
        contents = [source.outcome for source in self.sources]
        return values + [content.value for content in contents if isinstance(content, Stored)]

    def complete(self, name: str) -> None:
        """Pickle what could not be pickled before. All needs must be done.

        Args:
            name: The task that they belong to.

        Raises:
            DependencyError: A stored value was dropped meanwhile.
            SerialisationError: They cannot be pickled.
        """
        for source in self.sources:
            if source.error is not None:
                msg = f"{name} did not run, because {source.name} failed"
                raise DependencyError(msg, task=name) from source.error
        if self.parcel is None:
            assert self.pack is not None
            self.parcel = self.pack()

    def message(self, kind: str, fields: Mapping[str, Plain]) -> Message:
        """Return a message with the arguments, which must be complete."""
        assert self.parcel is not None
        if not self.sources:
            whole = {**fields, "layout": (), "slots": (), "proxies": bool(self.parcel.kept)}
            return Message(kind, whole, self.parcel.payload, tuple(self.parcel.values))
        payloads: list[Payload] = [self.parcel.payload]
        values = list(self.parcel.values)
        inner: list[EngineValue] = []
        slots: list[Plain] = []
        for source in self.sources:
            content = source.content
            inner += source.inner_values
            if isinstance(content, Inline):
                slots.append(_INLINE)
                payloads.append(content.payload)
            else:
                slots.append(len(values))
                values.append(content.value)
        payload, layout = bundle(payloads)
        whole = {**fields, "layout": layout, "slots": slots, "proxies": True}
        return Message(kind, whole, payload, (*values, *inner))


@dataclass(frozen=True, slots=True)
class _Place:
    """The place of a value in arguments that have not been pickled."""

    slot: ArgumentSlot


class ArgumentPacking:
    """Takes the awaited values out of arguments, and puts them in again at the worker.

    Args:
        packing: Pickles.
        link: Has the stored values.
        arrivals: Tracks the messages whose values are fetched.
    """

    def __init__(self, *, packing: Packing, link: EngineLink, arrivals: Arrivals) -> None:
        self._packing = packing
        self._link = link
        self._arrivals = arrivals
        packing.add(_Place, lambda place: place.slot)

    def pack(self, content: tuple[object, ...], *, name: str) -> PackedArguments:
        """Pack arguments.

        Args:
            content: The arguments, in nested containers.
            name: Their name in error messages.

        Raises:
            SerialisationError: They cannot be pickled.
        """
        if is_plain(content):
            return PackedArguments(None, Parcel(self._packing.pack_plain(content)), [], [])
        sources: list[Task] = []
        needs: list[Task] = []
        # They have no handle: actors without a home yet, and those whose creation failed.
        unsent: list[Task] = []

        def slot(task: Task, keys: tuple[object, ...] = ()) -> _Place:
            if task not in sources:
                sources.append(task)
                needs.append(task)
            return _Place(ArgumentSlot(sources.index(task), keys))

        def replacement(item: object) -> object:
            if isinstance(item, Task):
                return slot(item)
            if isinstance(item, Output):
                return slot(item.task, item.keys)
            if isinstance(item, Reference):
                return slot(item.task)
            if isinstance(item, ByReference):
                return item.item
            if isinstance(item, Parameter) and item.cached:
                return PackedParameter(item, slot(item._conjoin_link.kept_state))
            if isinstance(item, Done):
                needs.append(item.task)
                return None
            if isinstance(item, ActorProxy):
                creation = item.init_future
                if creation is not None and (not creation.is_settled or creation.error is not None):
                    unsent.append(creation)
            return item

        template = tuple(replaced(part, replacement) for part in content)
        message = partial(_without_layout, name=name, parts=content)
        pack = partial(self._packing.pack, template, name=name, message=message)
        parcel = None if unsent else pack()
        if parcel is not None:
            needs.extend(_creations(parcel))
        return PackedArguments(pack, parcel, sources, [*needs, *unsent])

    def are_simple(self, message: Message) -> bool:
        """Return whether `unpack_simple` can unpack the arguments in a message."""
        fields = message.fields
        is_whole = not fields["proxies"] and not fields["layout"] and not fields["slots"]
        return is_whole and not message.values and message.payload.size < SMALL

    def unpack_simple(self, message: Message) -> object:
        """Return small arguments without proxies and values in them. Thread-safe.

        Raises:
            Unloadable: An argument cannot be loaded here.
        """
        return self._packing.unpack_simple(message.payload)

    async def unpack(self, message: Message) -> object:
        """Return the arguments in a message, and release the values that it carries.

        Raises:
            ValueLost: A value does not exist any more.
            Unloadable: An argument cannot be loaded here.
        """
        if not message.values:
            return await self._unpack(message)
        try:
            with self._arrivals.fetching():
                return await self._unpack(message)
        finally:
            self.discard(message)

    def discard(self, message: Message) -> None:
        """Release the values that a message carries, whose arguments are not unpacked."""
        for value in message.values:
            self._link.release(value)

    async def _unpack(self, message: Message) -> object:
        layout, slots = message.fields["layout"], message.fields["slots"]
        assert isinstance(layout, Sequence)
        assert isinstance(slots, Sequence)
        parts = iter(unbundle(message.payload, layout))  # type: ignore[arg-type]
        template = next(parts)
        arguments: list[object] = []
        for slot in slots:
            assert isinstance(slot, int)
            payload = next(parts) if slot == _INLINE else await self._link.get(message.values[slot])
            arguments.append(self._packing.unpack(payload))
        return self._packing.unpack(template, arguments)


def _without_layout(error: Unpicklable, *, name: str, parts: Sequence[object]) -> str:
    """Return a message that names an argument, not its place in the message.

    Args:
        error: The error.
        name: The function or method.
        parts: What was pickled: the function if there is one, then the positional and the keyword
            arguments, and the types of errors for retries.
    """
    positional = len(parts) - 3
    where = {
        f"{name}[{positional}]": "argument",
        f"{name}[{positional + 1}]": "argument",
        f"{name}[{positional + 2}]": "retry_on",
    }
    for place, term in where.items():
        if place in error.path:
            path = error.path.replace(place, term, 1)
            return f"{path} of {name} cannot be pickled: {error.reason}"
    return f"{error.path.replace(f'{name}[0]', name, 1)} cannot be pickled: {error.reason}"


def _creations(parcel: Parcel) -> list[Task]:
    """Return the tasks that still create the actors in a parcel, such as the root of a parameter.

    The receiver could call an actor before it exists.
    """
    proxies = [item for item in parcel.kept if isinstance(item, ActorProxy)]
    creations = [proxy.init_future for proxy in proxies]
    return [task for task in creations if task is not None and not task.is_settled]


def without_done(
    args: Sequence[object], keywords: Mapping[str, object]
) -> tuple[list[object], dict[str, object], list[Task]]:
    """Remove the arguments that only make a task wait, and return their tasks too."""
    needs = [item.task for item in (*args, *keywords.values()) if isinstance(item, Done)]
    if not needs:
        return list(args), dict(keywords), []
    kept = [item for item in args if not isinstance(item, Done)]
    named = {key: item for key, item in keywords.items() if not isinstance(item, Done)}
    return kept, named, needs
