"""Several actors of one class, on different workers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterator, Sequence

from application.runtime.actor_proxy import ActorProxy
from application.runtime.task import Task


class TaskList(list[Task]):
    """Tasks that are awaited together: the await returns the list of them."""

    def __await__(self) -> Generator[object, None, TaskList]:
        """Wait until all are done; raises the error of the first one that failed."""
        for task in self:
            yield from task.__await__()
        return self

    async def result(self) -> list[object]:
        """Wait until all are done, and return their results."""
        await self
        return [await task.result() for task in self]


class ActorArray:
    """Calls all its members at once, or one of them.

    Args:
        members: The members.
        is_safe: Whether members that cannot be created are left out.
        worker_of: Returns the uid of a worker for its proxy or uid.
        left_out: Called with the error of each member that is left out.
    """

    def __init__(
        self,
        members: Sequence[ActorProxy],
        *,
        is_safe: bool,
        worker_of: Callable[[object], str],
        left_out: Callable[[BaseException], None],
    ) -> None:
        self._members = list(members)
        self._is_safe = is_safe
        self._worker_of = worker_of
        self._left_out = left_out

    def __repr__(self) -> str:
        return f"<ActorArray of {len(self._members)}: {self._members}>"

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[ActorProxy]:
        """Iterate over the members."""
        return iter(self._members)

    def __getitem__(self, index: int) -> ActorProxy:
        """Return one member."""
        return self._members[index]

    def __await__(self) -> Generator[object, None, ActorArray]:
        """Wait until all members are created.

        One that cannot be created raises its error here, or is left out if the array is safe.
        """
        yield from asyncio.gather(
            *(_created(member) for member in self._members), return_exceptions=True
        )
        for member in list(self._members):
            creation = member.init_future
            if creation is None or creation.error is None:
                continue
            if not self._is_safe:
                raise creation.error
            self._members.remove(member)
            self._left_out(creation.error)
        return self

    def __getattr__(self, name: str) -> ArrayMember:
        """Return a method or attribute of all members."""
        if name.startswith("__"):
            raise AttributeError(name)
        return ArrayMember(self, name)

    def on(self, runtime: object) -> ActorProxy:
        """Return the first member on a worker.

        Raises:
            KeyError: It has no member.
        """
        uid = self._worker_of(runtime)
        for member in self._members:
            if member.runtime_id == uid:
                return member
        msg = f"{uid} has no member of {self!r}"
        raise KeyError(msg)


class ArrayMember:
    """A method or an attribute of all members of an array."""

    def __init__(self, array: ActorArray, name: str) -> None:
        self._array = array
        self._name = name

    def __call__(
        self, *args: object, runtime: object = None, **keywords: object
    ) -> Task | TaskList:
        """Call the method of each member, or of the one on a worker.

        Raises:
            KeyError: That worker has no member.
        """
        if runtime is not None:
            return getattr(self._array.on(runtime), self._name)(*args, **keywords)  # type: ignore[no-any-return]
        return TaskList(getattr(member, self._name)(*args, **keywords) for member in self._array)

    def __await__(self) -> Generator[object, None, list[object]]:
        """Return the attribute of each member."""
        return self._values().__await__()

    async def _values(self) -> list[object]:
        return await asyncio.gather(*(member.get_attr(self._name) for member in self._array))


async def _created(member: ActorProxy) -> None:
    await member
