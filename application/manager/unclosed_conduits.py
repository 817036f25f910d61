"""Conduits that MUSCLE3's library does not close.

If a conduit has a 'last' filter to the outermost timeline, a sender that uses MUSCLE3 0.11 sends
one message on it, but not the milestone that closes the port. A receiver of Conjoin closes the port
itself. A receiver of MUSCLE3 waits for ever, which this ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from application.manager.registration import InstanceRegistry
from domain.coupling.conduits import Conduit
from domain.coupling.messages import Wait
from domain.model.configuration import Model
from domain.model.topology import Topology


@final
class UnclosedConduits:
    """Warns about such conduits, and ends the run when a receiver waits in vain.

    Args:
        model: The model of the run.
        registry: The instances that have registered.
        warn: Shows a warning to the user.
        fail: Ends the run, for a reason.
    """

    def __init__(
        self,
        model: Model,
        *,
        registry: InstanceRegistry,
        warn: Callable[[str], None],
        fail: Callable[[str], None],
    ) -> None:
        self._registry = registry
        self._warn = warn
        self._fail = fail
        self._conduits = Topology(model).reduced_to_root()
        self._warned: set[Conduit] = set()
        self._waits: dict[str, tuple[Wait, Conduit]] = {}

    def note_registered(self, instance: str) -> None:
        """Warn if an instance that has just registered sends on such a conduit."""
        if not self._conduits or self._registry.is_own(instance):
            return
        _, component = self._registry.resolve(instance)
        for conduit in self._conduits:
            if conduit.sending_component == component.name and conduit not in self._warned:
                self._warned.add(conduit)
                self._warn(
                    f"{_fault(conduit)} {_cure(conduit)} Otherwise the run is stopped when the"
                    " receiver waits in vain."
                )

    def note_wait(self, wait: Wait) -> None:
        """Record that an instance waits for a message."""
        if not self._conduits or self._registry.is_own(wait.instance):
            return
        _, component = self._registry.resolve(wait.instance)
        for conduit in self._conduits:
            if conduit.receiver == component.name + wait.port:
                self._waits[wait.instance] = wait, conduit
        self._check()

    def note_wait_done(self, instance: str) -> None:
        """Record that an instance waits no longer."""
        self._waits.pop(instance, None)

    def note_deregistered(self, instance: str) -> None:
        """End the run if an instance waits for one that has left."""
        self._waits.pop(instance, None)
        self._check()

    def _check(self) -> None:
        for wait, conduit in self._waits.values():
            if self._registry.has_left(wait.peer) and not self._registry.is_own(wait.peer):
                self._fail(
                    f"Instance '{wait.instance}' waits on port '{wait.port}' for another message of"
                    f" '{wait.peer}', which has finished. {_fault(conduit)} {_cure(conduit)}"
                )
                return


def _fault(conduit: Conduit) -> str:
    return (
        f"Conduit '{conduit}' has a 'last' filter to the outermost timeline, and"
        f" '{conduit.sending_component}' uses MUSCLE3's library, which never closes such a conduit"
        " (a fault of MUSCLE3 0.11)."
    )


def _cure(conduit: Conduit) -> str:
    return (
        f"Use Conjoin's library for '{conduit.sending_component}' or for"
        f" '{conduit.receiving_component}'."
    )
