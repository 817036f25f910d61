"""Creates actors in this process, under the name of the original."""

from __future__ import annotations

from collections.abc import Sequence

from application.runtime.execution import Execution
from application.runtime.residents import Residents
from application.runtime.running_task import RunningTask
from application.runtime.stage import Stage


class DirectCreation:
    """Creates actors at the request of a peer.

    Args:
        residents: The table in which they are entered.
        execution: Runs `__init__`.
        stage: Enters it.
    """

    def __init__(self, *, residents: Residents, execution: Execution, stage: Stage) -> None:
        self._residents = residents
        self._execution = execution
        self._stage = stage

    async def init_tessera(
        self,
        /,
        sender_id: str,
        cls: type,
        uid: str,
        args: Sequence[object] = (),
        **kwargs: object,
    ) -> list[str]:
        """Create an actor here, held once by the sender.

        Returns:
            The names of its attributes.
        """
        task = RunningTask(uid, actor=uid, is_exclusive=True)
        instance = await self._execution.run(cls, args, kwargs, task=task)
        self._stage.enter(uid, cls.__name__, instance)
        self._residents.increase(sender_id, uid)
        return [name for name in dir(instance) if not name.startswith("__")]
