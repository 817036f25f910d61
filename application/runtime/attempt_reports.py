"""Reports of attempts that failed at a worker, so that they count when the worker is lost."""

from __future__ import annotations

from application.runtime.correspondence import Correspondence
from application.runtime.reception import OK, Reception
from domain.runtime.payloads import Message
from domain.runtime.retries import Attempts
from domain.runtime.task_errors import RuntimeDisconnectedError

FAILED = "attempt-failed"


class AttemptReports:
    """Reports failed attempts to the caller of a task, and receives those of workers.

    Args:
        correspondence: Sends the reports.
        reception: Receives them.
    """

    def __init__(self, *, correspondence: Correspondence, reception: Reception) -> None:
        self._correspondence = correspondence
        self._attempts: dict[str, Attempts] = {}
        reception.add(FAILED, {"task": (str,), "failed": (int,)}, self._serve)

    def count(self, task: str, attempts: Attempts) -> None:
        """Count the attempts of a task that fail at its worker, until `forget`.

        Args:
            task: Its uid.
            attempts: Where they are counted.
        """
        if attempts.max_retries:  # Otherwise, no report will come.
            self._attempts[task] = attempts

    def forget(self, task: str) -> None:
        """Count no more attempts of a task."""
        self._attempts.pop(task, None)

    async def report(self, caller: str, task: str, attempts: Attempts) -> None:
        """Report how many attempts have failed, before the next one begins.

        Args:
            caller: Uid of the process that has made the task.
            task: The uid of the task.
            attempts: Its attempts.
        """
        message = Message(FAILED, {"task": task, "failed": attempts.failed})
        try:
            await self._correspondence.request(caller, message)
        except RuntimeDisconnectedError:
            return

    async def _serve(self, sender: str, message: Message) -> Message:  # noqa: ARG002
        attempts, failed = self._attempts.get(str(message.fields["task"])), message.fields["failed"]
        assert isinstance(failed, int)
        if attempts is not None:
            attempts.failed = max(attempts.failed, failed)
        return OK
