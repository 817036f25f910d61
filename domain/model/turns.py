"""Which components take turns, so that they never compute at the same time.

There are two reasons why one component waits for another:

- *Calls.* A macro model sends on O_I to the F_INIT of a micro model, and receives the result on S.
  The caller waits while the called component runs, provided that the result returns to the caller:
  from the called component, or from the end of a chain of dispatches that starts there.
- *Order.* A component that needs the final result of another (O_F to F_INIT, or anything that
  passes a `last` filter) starts after the other has ended. However, the next run of the other may
  begin before this one ends, unless there is no next run (nothing calls the other), or a common
  caller waits for both.

All other components are assumed to run concurrently. Whether a program may share cores at all is
declared by its author, and not considered here.
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
    """Determines which components of a model take turns.

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
        self._later = {name: self._all_successors(name) for name in model.components}
        self._awaited = {name for name in model.components if self._is_awaited(name)}

    def partners(self) -> dict[Reference, set[Reference]]:
        """Return for each component the others that never compute at the same time.

        For sets of instances, this applies to instances whose common indices are equal.
        """
        result: dict[Reference, set[Reference]] = {name: set() for name in self._callers}
        for name in result:
            for other in (*self._waiting_for(name), *self._successors_of(name)):
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
        """Record the execution order that a conduit implies."""
        first = self._predecessor(conduit)
        if first is None:
            return
        receiver = conduit.receiving_component
        operator = self._operator(receiver, conduit.receiving_port)
        if operator is Operator.F_INIT or filters_of(conduit).repeats:
            self._next[first].add(receiver)
        elif self._callers[first] == receiver:
            self._returns.add(first)

    def _predecessor(self, conduit: Conduit) -> Reference | None:
        """Return the component that must have ended before a conduit delivers a message, if any."""
        sender = conduit.sending_component
        steps = filters_of(conduit).levels_removed
        if self._operator(sender, conduit.sending_port) is Operator.O_I:
            return self._up(sender, steps - 1) if steps else None
        return self._up(sender, steps)

    def _all_successors(self, name: Reference) -> frozenset[Reference]:
        """Return all components that start only after a run of a component has ended."""
        found: set[Reference] = set()
        open_ends = list(self._next[name])
        while open_ends:
            later = open_ends.pop()
            if later not in found:
                found.add(later)
                open_ends += [*self._next[later], *self._called[later]]
        return frozenset(found - {name})

    def _is_awaited(self, name: Reference) -> bool:
        """Return whether a component's caller continues only after the component has ended."""
        return bool(({name} | self._later[name]) & self._returns_to(self._callers[name]))

    def _returns_to(self, caller: Reference | None) -> set[Reference]:
        return {name for name in self._returns if self._callers[name] == caller}

    def _waiting_for(self, name: Reference) -> Iterator[Reference]:
        """Yield the callers that wait while this component runs."""
        levels = self._waiting_levels(name)
        next(levels)
        yield from levels

    def _successors_of(self, name: Reference) -> Iterator[Reference]:
        """Yield the components that run only after this one has ended."""
        for level in self._waiting_levels(name):
            caller = self._callers[level]
            for later in self._later[level]:
                if caller is None or caller in self._waiting_levels(later):
                    yield later

    def _waiting_levels(self, name: Reference) -> Iterator[Reference]:
        """Yield a component, its caller and so on, as long as each caller waits for its callee."""
        level: Reference | None = name
        while level is not None:
            yield level
            level = self._callers[level] if level in self._awaited else None
