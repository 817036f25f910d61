"""Creates actors, on this worker or others, and calls them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from weakref import WeakValueDictionary

from application.runtime.actor_array import ActorArray
from application.runtime.actor_names import ActorNames
from application.runtime.actor_proxy import ActorProxy
from application.runtime.actor_record import ActorRecord
from application.runtime.actor_restarts import ActorRestarts
from application.runtime.actor_work import CallWork, CreateWork, Recipe
from application.runtime.argument_packing import ArgumentPacking, without_done
from application.runtime.comms import Comms
from application.runtime.correspondence import Correspondence
from application.runtime.delivery import Delivery
from application.runtime.holdings import Holdings
from application.runtime.log import RuntimeLog
from application.runtime.members import Members
from application.runtime.packing import Packing
from application.runtime.placing import Placing
from application.runtime.reception import Reception
from application.runtime.replacement import Replacement
from application.runtime.task import Task
from application.runtime.task_plan import Plan
from application.runtime.tasks import Tasks
from domain.runtime.handles import ActorHandle
from domain.runtime.options import CallOptions, CreationOptions
from domain.runtime.retries import Attempts


class Actors:
    """The actors that this process has created, or has a proxy of.

    Args:
        tasks: Adds tasks.
        arguments: Packs arguments.
        delivery: Sends calls.
        holdings: Counts proxies.
        members: The workers.
        placing: Chooses workers.
        correspondence: Cancels calls.
        packing: Replaces proxies in pickles.
        comms: Has the proxies of runtimes.
        log: Names the members of arrays that are left out.
        replacement: Ends workers by force.
        restarts: Creates lost actors again.
        reception: Receives requests about names.
    """

    def __init__(
        self,
        *,
        tasks: Tasks,
        arguments: ArgumentPacking,
        delivery: Delivery,
        holdings: Holdings,
        members: Members,
        placing: Placing,
        correspondence: Correspondence,
        packing: Packing,
        comms: Comms,
        log: RuntimeLog,
        replacement: Replacement,
        restarts: ActorRestarts,
        reception: Reception,
    ) -> None:
        self._tasks = tasks
        self._arguments = arguments
        self._delivery = delivery
        self._holdings = holdings
        self._members = members
        self._placing = placing
        self._correspondence = correspondence
        self._comms = comms
        self._log = log
        self._replacement = replacement
        self._restarts = restarts
        self._records: WeakValueDictionary[str, ActorRecord] = WeakValueDictionary()
        self._made = 0
        self._leaving: set[asyncio.Task[None]] = set()
        self._names = ActorNames(
            members=members,
            correspondence=correspondence,
            packing=packing,
            reception=reception,
            restore=self.restore,
        )
        packing.add(ActorProxy, self._describe, ActorHandle, self.restore)

    def create(
        self,
        cls: type,
        args: tuple[object, ...],
        keywords: Mapping[str, object],
        options: CreationOptions,
    ) -> ActorProxy | ActorArray:
        """Create an actor, or an array of actors.

        Args:
            cls: Its class.
            args: Positional arguments of the class.
            keywords: Its keyword arguments.
            options: What the creator chose.

        Raises:
            KeyError: The chosen worker does not exist.
        """
        if options.len is None:
            return self._create(cls, args, keywords, options, self._home(options.runtime))
        members = [
            self._create(cls, args, keywords, options, self._placing.member_of_array(index))
            for index in range(options.len)
        ]
        return ActorArray(
            members, is_safe=options.safe, worker_of=self._home, left_out=self._left_out
        )

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
        positional, named, waits = without_done(args, keywords)
        name = f"{record.type_name}.{method}"
        packed = self._arguments.pack((positional, named, options.retry_on), name=name)
        creation = [record.creation] if record.creation is not None else []
        retries = record.max_retries if options.max_retries is None else options.max_retries
        work = CallWork(
            record,
            action,
            method,
            packed,
            Attempts(retries),
            self._delivery,
            self._correspondence,
            self._replacement,
        )
        plan = Plan(
            name,
            work,
            lane=record.uid,
            needs=[*creation, *packed.needs, *waits],
            timeout=options.timeout,
            is_lazy=options.lazy,
            direct=tuple(creation),
            actor=record.uid,
        )
        return self._tasks.add(plan)

    async def actor(self, name: str) -> ActorProxy:
        """Return the actor that was created with a name.

        Raises:
            KeyError: There is none, or not any longer.
        """
        return await self._names.actor(name)

    def free_name(self, uid: str) -> None:
        """Free the name of an actor of this process that has ended."""
        leaving = asyncio.get_running_loop().create_task(self._names.leave(uid))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    def cancel(self, record: ActorRecord) -> None:
        """Cancel the creation of an actor."""
        if record.creation is not None:
            record.creation.cancel()

    def runtime_of(self, record: ActorRecord) -> object:
        """Return the proxy of the runtime on which an actor is."""
        return self._comms.registered(record.home)

    def proxy_of_resident(self, uid: str) -> ActorProxy:
        """Return a proxy of an actor that lives in this process."""
        own = self._members.own
        return self.restore(ActorHandle(uid, uid.partition(":")[0], own, own))

    def _create(
        self,
        cls: type,
        args: tuple[object, ...],
        keywords: Mapping[str, object],
        options: CreationOptions,
        home: str,
    ) -> ActorProxy:
        positional, named, waits = without_done(args, keywords)
        content = (cls, positional, named, options.retry_on)
        packed = self._arguments.pack(content, name=cls.__name__)
        record = self._record(cls.__name__, options, home)
        work = CreateWork(
            record,
            Recipe(packed, options.max_concurrency or 1, self._delivery),
            self._placing,
            self._restarts.created,
            self._enter_name,
        )
        plan = Plan(
            f"{cls.__name__}.__init__",
            work,
            needs=[*packed.needs, *waits],
            timeout=options.timeout,
            is_lazy=options.lazy,
        )
        record.creation = self._tasks.add(plan)
        self._restarts.enter(record, work.recipe)
        return ActorProxy(record, self)

    def _record(self, type_name: str, options: CreationOptions, home: str) -> ActorRecord:
        self._made += 1
        uid = options.uid or f"{type_name.lower()}:{self._members.own}:{self._made}"
        record = ActorRecord(
            uid,
            type_name,
            creator=self._members.own,
            lane=str(self._made),
            home=home,
            max_retries=options.max_retries or 0,
            retry_on=options.retry_on,
            restarts=options.max_restarts or 0,
            name=options.name or "",
        )
        self._records[uid] = record
        return record

    async def _enter_name(self, record: ActorRecord) -> None:
        if record.name:
            await self._names.enter(record.name, record.handle)

    def _left_out(self, error: BaseException) -> None:
        self._log.warning(f"A member of an array was left out: {error}")

    def _home(self, runtime: object) -> str:
        if runtime is None:
            return ""
        return self._members.find(str(getattr(runtime, "uid", runtime))).uid

    def _describe(self, proxy: ActorProxy) -> object:
        record: ActorRecord = proxy._record
        return record.handle

    def restore(self, handle: ActorHandle) -> ActorProxy:
        """Return a proxy of an actor that another process has passed on."""
        record = self._records.get(handle.uid)
        if record is None:
            self._made += 1
            record = ActorRecord(
                handle.uid,
                handle.type_name,
                creator=handle.creator,
                lane=str(self._made),
                home=handle.home,
                restarts=int(handle.is_restartable),
            )
            self._records[handle.uid] = record
            self._holdings.acquire(record, handle.uid, handle.home)
            self._restarts.follow(record)
        return ActorProxy(record, self)
