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

Components are numbered by their position in the model, and sets of them are bit masks: in a chain
of a thousand components, each takes turns with all others.
"""

from __future__ import annotations

from collections import defaultdict

from domain.coupling.conduits import Conduit
from domain.coupling.filters import filters_of
from domain.coupling.ports import Operator
from domain.identity import Reference
from domain.model.component_masks import ComponentMask, bits, reachable, transposed
from domain.model.configuration import Model
from domain.model.topology import Topology


class Turns:
    """Determines which components of a model take turns.

    Args:
        model: The flat model.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._names = list(model.components)
        self._numbers = {name: number for number, name in enumerate(self._names)}

    def partners(self) -> dict[Reference, set[Reference]]:
        """Return for each component the others that never compute at the same time.

        For sets of instances, this applies to instances whose common indices are equal.
        """
        return {
            name: {self._names[number] for number in bits(mask)}
            for name, mask in self.partner_masks().items()
        }

    def partner_masks(self) -> dict[Reference, ComponentMask]:
        """Return the same as `partners`, as bit masks of positions in the model."""
        calls = _Calls(self._model, self._numbers)
        one_way = [
            (waiting | later) & ~(1 << number)
            for number, (waiting, later) in enumerate(
                zip(calls.waiting_callers(), calls.successors(), strict=True)
            )
        ]
        both_ways = zip(one_way, transposed(one_way), strict=True)
        return {
            name: mask | other for name, (mask, other) in zip(self._names, both_ways, strict=True)
        }


class _Calls:
    """The calls between components, and which components run only after others have ended.

    Args:
        model: The flat model.
        numbers: The number of each component.
    """

    def __init__(self, model: Model, numbers: dict[Reference, int]) -> None:
        self._model = model
        self._numbers = numbers
        self._callers = _find_callers(model, numbers)
        self._next: list[ComponentMask] = [0] * len(numbers)
        self._returns: defaultdict[int | None, ComponentMask] = defaultdict(int)
        for conduit in model.conduits:
            self._add_order(conduit)
        called: list[ComponentMask] = [0] * len(numbers)
        for number, caller in enumerate(self._callers):
            if caller is not None:
                called[caller] |= 1 << number
        self._top_down = self._callers_first(called)
        reached = reachable([a | b for a, b in zip(self._next, called, strict=True)])
        self._later = [self._all_successors(number, reached) for number in range(len(numbers))]

    def waiting_callers(self) -> list[ComponentMask]:
        """Return for each component the direct and indirect callers that wait while it runs."""
        result: list[ComponentMask] = [0] * len(self._callers)
        for number in self._top_down:
            caller = self._waiting_caller(number)
            if caller is not None:
                result[number] = result[caller] | 1 << caller
        return result

    def successors(self) -> list[ComponentMask]:
        """Return for each component those that run only after it has ended."""
        awaited_by = self._awaited_by()
        result: list[ComponentMask] = [0] * len(self._callers)
        for number in self._top_down:
            caller = self._callers[number]
            result[number] = self._later[number]
            if caller is not None:
                result[number] &= awaited_by[caller]
            waiting = self._waiting_caller(number)
            if waiting is not None:
                result[number] |= result[waiting]
        return result

    def _awaited_by(self) -> list[ComponentMask]:
        """Return for each component itself, and those during whose runs it waits."""
        result = [1 << number for number in range(len(self._callers))]
        for number in reversed(self._top_down):
            waiting = self._waiting_caller(number)
            if waiting is not None:
                result[waiting] |= result[number]
        return result

    def _waiting_caller(self, number: int) -> int | None:
        """Return the caller of a component if it continues only after the component has ended."""
        caller = self._callers[number]
        ends = (1 << number | self._later[number]) & self._returns[caller]
        return caller if ends else None

    def _callers_first(self, called: list[ComponentMask]) -> list[int]:
        """Return all components, each after its caller, except those that call each other."""
        order = [number for number, caller in enumerate(self._callers) if caller is None]
        for number in order:
            order += bits(called[number])
        return order

    def _add_order(self, conduit: Conduit) -> None:
        """Record the execution order that a conduit implies."""
        first = self._predecessor(conduit)
        if first is None:
            return
        receiver = self._numbers[conduit.receiving_component]
        operator = _operator(self._model, conduit.receiving_component, conduit.receiving_port)
        if operator is Operator.F_INIT or filters_of(conduit).repeats:
            self._next[first] |= 1 << receiver
        elif self._callers[first] == receiver:
            self._returns[receiver] |= 1 << first

    def _predecessor(self, conduit: Conduit) -> int | None:
        """Return the component that must have ended before a conduit delivers a message, if any."""
        sender = self._numbers[conduit.sending_component]
        steps = filters_of(conduit).levels_removed
        operator = _operator(self._model, conduit.sending_component, conduit.sending_port)
        if operator is Operator.O_I:
            return _up(self._callers, sender, steps - 1) if steps else None
        return _up(self._callers, sender, steps)

    def _all_successors(self, number: int, reached: list[ComponentMask]) -> ComponentMask:
        """Return all components that start only after a run of a component has ended."""
        found = self._next[number]
        for later in bits(self._next[number]):
            found |= reached[later]
        return found & ~(1 << number)


def _find_callers(model: Model, numbers: dict[Reference, int]) -> list[int | None]:
    """Return the component whose O_I starts each run of a component; None if it runs once."""
    topology = Topology(model)
    starts = [next(iter(topology.starting_conduits(name)), None) for name in model.components]
    result: list[int | None] = [None] * len(numbers)
    done = [False] * len(numbers)
    for number in range(len(numbers)):
        # a component's callers are found on the way from it to the root, so begin at the root
        for item in reversed(_way_to_root(number, starts, numbers, done)):
            done[item] = True
            conduit = starts[item]
            if conduit is not None:
                sender = numbers[conduit.sending_component]
                operator = _operator(model, conduit.sending_component, conduit.sending_port)
                level = sender if operator is Operator.O_I else result[sender]
                result[item] = _up(result, level, filters_of(conduit).levels_removed)
    return result


def _way_to_root(
    number: int, starts: list[Conduit | None], numbers: dict[Reference, int], done: list[bool]
) -> list[int]:
    """Return a component, the sender that starts it, and so on, except those that are done."""
    way: dict[int, None] = {}
    while not done[number] and number not in way:
        way[number] = None
        conduit = starts[number]
        if conduit is None:
            break
        number = numbers[conduit.sending_component]
    return list(way)


def _operator(model: Model, component: Reference, port: str) -> Operator | None:
    return model.components[component].operator_of(port)


def _up(callers: list[int | None], level: int | None, steps: int) -> int | None:
    for _ in range(steps):
        level = None if level is None else callers[level]
    return level
