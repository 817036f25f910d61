"""Which components take turns, so that they never compute at the same time.

Two things make one component wait for another:

- *Calls.* A macro model sends on O_I to the F_INIT of a micro model, and receives what comes of it
  on S. While the called one runs, the caller waits, as long as the answer does come back to it,
  from the called one or from the end of a chain of dispatches that starts there.
- *Order.* What needs the final result of a component (O_F to F_INIT, or anything that passes a
  `last` filter) starts after that has ended. The next run of the component that it waited for could
  still overtake it, unless there is none (nobody calls it), or their caller waits for both.

Everything else is taken to run side by side. Whether a program may share cores at all is for its
author to say; that is not looked at here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from domain.coupling.conduits import Conduit
from domain.coupling.filters import filters_of
from domain.coupling.ports import Operator
from domain.identity import Reference
from domain.model.configuration import Model
from domain.model.topology import Topology


class Turns:
    """Says which components of a model take turns.

    Args:
        model: The flat model.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._topology = Topology(model)
        self._callers: dict[Reference, Reference | None] = {}
        for name in model.components:
            self._find_caller(name)
        self._next: defaultdict[Reference, set[Reference]] = defaultdict(set)
        self._returns: set[Reference] = set()
        for conduit in model.conduits:
            self._add_order(conduit)
        self._called: defaultdict[Reference, set[Reference]] = defaultdict(set)
        for name, caller in self._callers.items():
            if caller is not None:
                self._called[caller].add(name)
        self._later = {name: self._all_later(name) for name in model.components}
        self._awaited = {name for name in model.components if self._is_awaited(name)}

    def partners(self) -> dict[Reference, set[Reference]]:
        """Return for each component the others that never compute while it does.

        In sets of instances this holds for those whose indices agree as far as both have them.
        """
        result: dict[Reference, set[Reference]] = {name: set() for name in self._callers}
        for name in result:
            for other in (*self._waiting_for(name), *self._after_the_end_of(name)):
                result[name].add(other)
                result[other].add(name)
        return result

    def _operator(self, component: Reference, port: str) -> Operator | None:
        return self._model.components[component].operator_of(port)

    def _find_caller(self, name: Reference) -> Reference | None:
        """Return the component whose O_I starts each run of a component; None if it runs once."""
        if name not in self._callers:
            self._callers[name] = None
            for conduit in self._topology.starting_conduits(name):
                sender = conduit.sending_component
                operator = self._operator(sender, conduit.sending_port)
                level = sender if operator is Operator.O_I else self._find_caller(sender)
                self._callers[name] = self._up(level, filters_of(conduit).levels_removed)
                break
        return self._callers[name]

    def _up(self, level: Reference | None, steps: int) -> Reference | None:
        for _ in range(steps):
            level = None if level is None else self._find_caller(level)
        return level

    def _add_order(self, conduit: Conduit) -> None:
        """Note what a conduit says about who starts, or goes on, after whom has ended."""
        first = self._ended_by(conduit)
        if first is None:
            return
        receiver = conduit.receiving_component
        operator = self._operator(receiver, conduit.receiving_port)
        if operator is Operator.F_INIT or filters_of(conduit).repeats:
            self._next[first].add(receiver)
        elif self._callers[first] == receiver:
            self._returns.add(first)

    def _ended_by(self, conduit: Conduit) -> Reference | None:
        """Return the component that has ended when a message comes out of a conduit, if any."""
        sender = conduit.sending_component
        steps = filters_of(conduit).levels_removed
        if self._operator(sender, conduit.sending_port) is Operator.O_I:
            return self._up(sender, steps - 1) if steps else None
        return self._up(sender, steps)

    def _all_later(self, name: Reference) -> frozenset[Reference]:
        """Return what starts only after a run of a component has ended."""
        found: set[Reference] = set()
        open_ends = list(self._next[name])
        while open_ends:
            later = open_ends.pop()
            if later not in found:
                found.add(later)
                open_ends += [*self._next[later], *self._called[later]]
        return frozenset(found - {name})

    def _is_awaited(self, name: Reference) -> bool:
        """Whether a component's caller goes on only when it has ended."""
        return bool(({name} | self._later[name]) & self._returns_to(self._callers[name]))

    def _returns_to(self, caller: Reference | None) -> set[Reference]:
        return {name for name in self._returns if self._callers[name] == caller}

    def _waiting_for(self, name: Reference) -> Iterator[Reference]:
        """Yield the components that wait while this one runs, since they called it."""
        levels = self._levels_that_wait(name)
        next(levels)
        yield from levels

    def _after_the_end_of(self, name: Reference) -> Iterator[Reference]:
        """Yield the components that run only when this one has ended."""
        for level in self._levels_that_wait(name):
            caller = self._callers[level]
            for later in self._later[level]:
                if caller is None or caller in self._levels_that_wait(later):
                    yield later

    def _levels_that_wait(self, name: Reference) -> Iterator[Reference]:
        """Yield a component, its caller and so on, as long as each waits for the one before."""
        level: Reference | None = name
        while level is not None:
            yield level
            level = self._callers[level] if level in self._awaited else None
