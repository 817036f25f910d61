"""Expands a model that contains models into programs and the links between them.

A *link* is a conduit with full paths at both ends. A port of a model has the same path inside the
model (`start` in the model that implements `solver`) and outside (`solver.start`). So conduits are
joined end to end by following links until they reach a program's port.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from ymmsl import v0_2

from adapters.ymmsl_files.flattening.translation import reference
from domain.coupling.conduits import ConduitFilter
from domain.errors import ConfigurationError
from domain.identity import Reference


@dataclass(frozen=True)
class Leaf:
    """A component that is implemented by a program.

    Attributes:
        path: Its full name.
        component: The component as written in its model.
        program: Name of its program.
        multiplicity: The multiplicities of the enclosing components, followed by its own.
    """

    path: Reference
    component: v0_2.Component
    program: Reference
    multiplicity: tuple[int, ...]


@dataclass(frozen=True)
class Link:
    """A conduit with full paths."""

    sender: Reference
    receiver: Reference
    filters: tuple[ConduitFilter, ...] = ()


@dataclass(frozen=True)
class Inner:
    """A component that is implemented by a model.

    Attributes:
        path: Its full name.
        component: The component as written in its model.
        model: The model that implements it.
    """

    path: Reference
    component: v0_2.Component
    model: v0_2.Model


@dataclass
class Expansion:
    """A whole model, expanded.

    Attributes:
        leaves: Components implemented by programs, by path.
        inner: Components implemented by models, by path.
        links: All links, by sender.
        unimplemented: Components without an implementation that are not optional: path, component,
            and multiplicities.
    """

    leaves: dict[Reference, Leaf] = field(default_factory=dict)
    inner: dict[Reference, Inner] = field(default_factory=dict)
    links: defaultdict[Reference, list[Link]] = field(default_factory=lambda: defaultdict(list))
    unimplemented: list[tuple[Reference, v0_2.Component, tuple[int, ...]]] = field(
        default_factory=list
    )

    def __contains__(self, path: Reference) -> bool:
        return path in self.leaves or path in self.inner


def expand(
    configuration: v0_2.Configuration, root: v0_2.Model, *, manual_components: bool = False
) -> Expansion:
    """Expand a model.

    Args:
        configuration: A configuration whose imports are resolved.
        root: The model in it to expand.
        manual_components: Whether components without an implementation are started by hand. If not,
            they are omitted, as are optional ones in any case.

    Raises:
        ConfigurationError: If a model contains itself.
    """
    result = Expansion()
    _expand_model(configuration, root, Reference(()), (), result, (root.name,))
    if manual_components:
        for path, component, shape in result.unimplemented:
            result.leaves[path] = Leaf(path, component, path, shape)
    return result


def _expand_model(
    configuration: v0_2.Configuration,
    model: v0_2.Model,
    path: Reference,
    multiplicity: tuple[int, ...],
    result: Expansion,
    around: tuple[v0_2.Reference, ...],
) -> None:
    for conduit in model.conduits:
        link = _link(conduit, path)
        result.links[link.sender].append(link)
    for component in model.components.values():
        full = path + reference(component.name)
        shape = multiplicity + tuple(component.multiplicity)
        if component.implementation is None:
            if not component.optional:
                result.unimplemented.append((full, component, shape))
            continue
        inside = configuration.models.get(component.implementation)
        if inside is None:
            program = reference(component.implementation)
            result.leaves[full] = Leaf(full, component, program, shape)
            continue
        if inside.name in around:
            names = " in ".join(f"'{name}'" for name in reversed((*around, inside.name)))
            raise ConfigurationError(
                f"Model '{inside.name}' contains itself: {names}. Give component '{full}' another"
                " implementation."
            )
        result.inner[full] = Inner(full, component, inside)
        _expand_model(configuration, inside, full, shape, result, (*around, inside.name))


def _link(conduit: v0_2.Conduit, path: Reference) -> Link:
    return Link(
        path + reference(conduit.sender),
        path + reference(conduit.receiver),
        tuple(ConduitFilter(item.value) for item in conduit.filters),
    )
