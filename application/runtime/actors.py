"""Creates actors, on this worker or others."""

from __future__ import annotations

from collections.abc import Mapping

from application.runtime.actor_array import ActorArray
from application.runtime.actor_names import ActorNames
from application.runtime.actor_proxy import ActorProxy
from application.runtime.actor_record import ActorRecord
from application.runtime.actor_restarts import ActorRestarts
from application.runtime.actor_table import ActorTable
from application.runtime.actor_work import CreateWork, Recipe
from application.runtime.argument_packing import ArgumentPacking, without_done
from application.runtime.delivery import Delivery
from application.runtime.log import RuntimeLog
from application.runtime.members import Members
from application.runtime.placing import Placing
from application.runtime.task_plan import Plan
from application.runtime.tasks import Tasks
from domain.runtime.options import CreationOptions


class Actors:
    """Creates actors, and arrays of them.

    Args:
        tasks: Adds the tasks that create them.
        arguments: Packs arguments.
        delivery: Sends the requests.
        members: The workers.
        placing: Chooses workers.
        log: Names the members of arrays that are left out.
        restarts: Creates lost actors again.
        names: Has the names of actors.
        table: Has the records of actors.
    """

    def __init__(
        self,
        *,
        tasks: Tasks,
        arguments: ArgumentPacking,
        delivery: Delivery,
        members: Members,
        placing: Placing,
        log: RuntimeLog,
        restarts: ActorRestarts,
        names: ActorNames,
        table: ActorTable,
    ) -> None:
        self._tasks = tasks
        self._arguments = arguments
        self._delivery = delivery
        self._members = members
        self._placing = placing
        self._log = log
        self._restarts = restarts
        self._names = names
        self._table = table

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
            options: Options of the creation.

        Raises:
            KeyError: The chosen worker does not exist.
            SerialisationError: An argument cannot be pickled.
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
        record = self._table.new(cls.__name__, options.uid)
        record.choose(options, home)
        recipe = Recipe(packed, options.max_concurrency or 1, self._delivery)
        work = CreateWork(
            record,
            recipe,
            self._placing,
            self._restarts.created,
            self._enter_name,
            self._restarts.new_home,
        )
        plan = Plan(
            f"{cls.__name__}.__init__",
            work,
            needs=[*packed.needs, *waits],
            timeout=options.timeout,
            is_lazy=options.lazy,
        )
        record.creation = self._tasks.add(plan)
        self._restarts.enter(record, recipe)
        return self._table.proxy(record)

    async def _enter_name(self, record: ActorRecord) -> None:
        if record.name:
            await self._names.enter(record.name, record.handle)

    def _left_out(self, error: BaseException) -> None:
        self._log.warning(f"A member of an array was left out: {error}")

    def _home(self, runtime: object) -> str:
        if runtime is None:
            return ""
        return self._members.find(str(getattr(runtime, "uid", runtime))).uid
