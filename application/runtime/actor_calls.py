"""Calls actors: each call is a task."""

from __future__ import annotations

from collections.abc import Mapping

from application.runtime.actor_record import ActorRecord
from application.runtime.actor_restarts import ActorRestarts
from application.runtime.actor_work import CallWork
from application.runtime.argument_packing import ArgumentPacking, without_done
from application.runtime.attempt_reports import AttemptReports
from application.runtime.comms import Comms
from application.runtime.correspondence import Correspondence
from application.runtime.delivery import Delivery
from application.runtime.replacement import Replacement
from application.runtime.task import Task
from application.runtime.task_plan import Plan
from application.runtime.tasks import Tasks
from domain.runtime.options import CallOptions
from domain.runtime.retries import Attempts


class ActorCalls:
    """Serves the proxies of actors.

    Args:
        tasks: Adds tasks.
        arguments: Packs arguments.
        delivery: Sends calls.
        correspondence: Cancels them.
        replacement: Ends workers by force.
        comms: Has the proxies of runtimes.
        reports: Receives the attempts that failed at workers.
        restarts: Finds the actors whose worker cannot be reached.
    """

    def __init__(
        self,
        *,
        tasks: Tasks,
        arguments: ArgumentPacking,
        delivery: Delivery,
        correspondence: Correspondence,
        replacement: Replacement,
        comms: Comms,
        reports: AttemptReports,
        restarts: ActorRestarts,
    ) -> None:
        self._tasks = tasks
        self._arguments = arguments
        self._delivery = delivery
        self._correspondence = correspondence
        self._replacement = replacement
        self._comms = comms
        self._reports = reports
        self._restarts = restarts

    def call(
        self,
        record: ActorRecord,
        action: str,
        method: str,
        args: tuple[object, ...],
        keywords: Mapping[str, object],
        options: CallOptions,
    ) -> Task:
        """Call a method, or read or set an attribute, as a task.

        Raises:
            SerialisationError: An argument cannot be pickled.
        """
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
            self._reports,
            self._restarts.undelivered,
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

    def cancel(self, record: ActorRecord) -> None:
        """Cancel the creation of an actor."""
        if record.creation is not None:
            record.creation.cancel()

    def runtime_of(self, record: ActorRecord) -> object:
        """Return the proxy of the runtime on which an actor is."""
        return self._comms.registered(record.home)
