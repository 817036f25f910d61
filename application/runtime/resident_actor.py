"""An actor that lives in this process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from application.runtime.residents import ACTOR, Residents
from application.runtime.turns import Turns


@dataclass(eq=False, slots=True)
class ResidentActor:
    """An actor, and the calls that wait for it.

    Attributes:
        uid: Its uid.
        type_name: The name of its class.
        instance: The object of the user.
        turns: Lets its calls run in order.
        is_exclusive: Whether it runs one task at a time.
        retry_on: Types of errors after which its calls run again.
        running: For each call that runs as a coroutine, what cancels it.
        is_named: Whether it has a name, which must be freed.
        is_ending: Whether it ends once its calls are done.
    """

    uid: str
    type_name: str
    instance: object
    turns: Turns
    is_exclusive: bool = True
    retry_on: tuple[type[BaseException], ...] | None = None
    running: dict[str, asyncio.Task[object]] = field(default_factory=dict)
    is_named: bool = False
    is_ending: bool = False


def resident_actors(residents: Residents) -> list[ResidentActor]:
    """Return all actors in a table of residents."""
    return [item for item in residents.all_of(ACTOR) if isinstance(item, ResidentActor)]
