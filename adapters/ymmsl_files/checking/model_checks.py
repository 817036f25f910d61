"""Checks each model as written: its components, their ports and its conduits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Final

from ymmsl import v0_2

from adapters.ymmsl_files.flattening.expansion import Expansion
from adapters.ymmsl_files.reading.origins import Origins
from domain.coupling.ports import SETTINGS_IN
from domain.suggestions import hint

RESERVED = "muscle_"

MAX_INSTANCES: Final = 100_000
"""More processes than any cluster runs in a job; larger numbers are mistakes."""


@dataclass(frozen=True)
class _Found:
    """An error in a model.

    Attributes:
        path: The keys below the model that lead to it.
        text: What is wrong.
    """

    path: tuple[str, ...]
    text: str


def _in_component(component: v0_2.Component, *path: str, text: str) -> _Found:
    return _Found(("components", str(component.name), *path), text)


def model_problems(
    configuration: v0_2.Configuration, origins: Origins, *, programs_required: bool
) -> list[str]:
    """Return the errors in the models of a configuration.

    Args:
        configuration: A configuration whose imports are resolved.
        origins: The files of its models.
        programs_required: Whether each named implementation must exist.
    """
    problems: list[str] = []
    for model in configuration.models.values():
        found = [
            *_multiplicity_problems(model),
            *_port_name_problems(model),
            *_receiver_problems(model),
        ]
        if programs_required:
            found += _missing_implementations(configuration, model)
        found += _port_mismatches(configuration, model)
        problems += [
            *(
                f"{origins.model(model, origins.line_of_conduit(model, conduit))}: {text}"
                for conduit, text in _conduit_problems(model)
            ),
            *(
                f"{origins.model(model, origins.line_of(model, *item.path))}: {item.text}"
                for item in found
            ),
        ]
    return [*problems, *_duplicate_names(configuration, origins)]


def size_problems(root: v0_2.Model, expansion: Expansion, origins: Origins) -> list[str]:
    """Return an error if the expanded model has more instances than can ever be run.

    Args:
        root: The outermost model.
        expansion: The same, expanded.
        origins: The files of the models.
    """
    sizes = {leaf.path: prod(leaf.multiplicity) for leaf in expansion.leaves.values()}
    if sum(sizes.values()) <= MAX_INSTANCES:
        return []
    largest = max(sizes, key=lambda path: sizes[path])
    shape = list(expansion.leaves[largest].multiplicity)
    line = origins.line_of(root, "components", str(largest), "multiplicity")
    problem = (
        f"{origins.model(root, line)}: component '{largest}' has multiplicity {shape}, and the"
        f" model has {sum(sizes.values())} instances in all, but at most {MAX_INSTANCES} can be"
        " run. Reduce the 'multiplicity', and run several members in one instance, for example in"
        " a loop."
    )
    return [problem]


def without_implementation(configuration: v0_2.Configuration, origins: Origins) -> list[str]:
    """Return a warning for each component that is omitted but not marked optional."""
    return [
        f"{origins.model(model)}: component '{component.name}' has no implementation, so it is"
        " left out, and its conduits too. Mark it 'optional: true' if that is what you want."
        for model in configuration.models.values()
        for component in model.components.values()
        if component.implementation is None and not component.optional
    ]


def _duplicate_names(configuration: v0_2.Configuration, origins: Origins) -> Iterator[str]:
    for name in configuration.programs:
        if name in configuration.models:
            yield (
                f"{origins.of(name)}: '{name}' is the name of both a program and a model. Rename"
                " one of them."
            )


def _multiplicity_problems(model: v0_2.Model) -> Iterator[_Found]:
    for component in model.components.values():
        if any(size < 1 for size in component.multiplicity):
            text = (
                f"component '{component.name}' has multiplicity {component.multiplicity}; each"
                " number must be 1 or more."
            )
            yield _in_component(component, "multiplicity", text=text)


def _port_name_problems(model: v0_2.Model) -> Iterator[_Found]:
    owners: list[tuple[str, v0_2.Ports, tuple[str, ...]]] = [("the model", model.ports, ())]
    owners += [
        (f"component '{item.name}'", item.ports, ("components", str(item.name)))
        for item in model.components.values()
    ]
    for owner, ports, path in owners:
        for name, port in ports.items():
            fine = name == SETTINGS_IN and port.operator is v0_2.Operator.F_INIT
            if str(name).startswith(RESERVED) and not fine:
                text = (
                    f"port '{name}' of {owner} starts with '{RESERVED}', which is reserved for"
                    " the coupling library. Rename the port."
                )
                yield _Found((*path, "ports", port.operator.name.lower()), text)


def _missing_implementations(
    configuration: v0_2.Configuration, model: v0_2.Model
) -> Iterator[_Found]:
    known = [*configuration.programs, *configuration.models]
    for component in model.components.values():
        wanted = component.implementation
        if wanted is not None and wanted not in known:
            offer = hint(wanted, set(known) - {model.name})
            text = (
                f"component '{component.name}' has implementation '{wanted}', but no program"
                f" or model has that name.{offer} Add it to 'programs', or import it."
            )
            yield _in_component(component, "implementation", text=text)


def _port_mismatches(configuration: v0_2.Configuration, model: v0_2.Model) -> Iterator[_Found]:
    for component in model.components.values():
        inside = component.implementation and configuration.models.get(component.implementation)
        program = component.implementation and configuration.programs.get(component.implementation)
        if inside:
            texts = _mismatched(component, inside.ports, f"model '{inside.name}'")
            yield from (_in_component(component, "ports", text=text) for text in texts)
        elif program and len(program.ports):
            texts = _mismatched(component, program.ports, f"program '{program.name}'")
            yield from (_in_component(component, "ports", text=text) for text in texts)


def _mismatched(component: v0_2.Component, offered: v0_2.Ports, owner: str) -> Iterator[str]:
    for name, port in component.ports.items():
        if name == SETTINGS_IN:
            continue
        if name not in offered:
            yield (
                f"component '{component.name}' has a port '{name}', but {owner}, which implements"
                f" it, does not.{hint(name, offered)}"
            )
        elif offered[name] != port:
            yield (
                f"port '{name}' of component '{component.name}' is {_described(port)}, but in"
                f" {owner}, which implements it, it is {_described(offered[name])}. Make them"
                " the same."
            )


def _described(port: v0_2.Port) -> str:
    timeline = f" on timeline '{port.timeline}'" if len(port.timeline) else ""
    return f"{port.operator.name.lower()}{timeline}"


def _receiver_problems(model: v0_2.Model) -> Iterator[_Found]:
    senders: defaultdict[str, list[str]] = defaultdict(list)
    for conduit in model.conduits:
        senders[str(conduit.receiver)].append(str(conduit.sender))
    for receiver, found in senders.items():
        if len(found) > 1:
            listed = " and from ".join(f"'{sender}'" for sender in found)
            text = (
                f"port '{receiver}' receives from {listed}, but a receiving port"
                " can have only one sender. Remove a conduit, or use a port for each."
            )
            yield _Found(("conduits", found[-1]), text)


def _conduit_problems(model: v0_2.Model) -> Iterator[tuple[v0_2.Conduit, str]]:
    for conduit in model.conduits:
        text = f"'{conduit.sender}: {conduit._filters_receiver()}'"
        if _is_swapped(model, conduit):
            yield (
                conduit,
                (
                    f"conduit {text}: its ends are swapped, since '{conduit.sender}' receives and"
                    f" '{conduit.receiver}' sends. Write '{conduit.receiver}: {conduit.sender}'."
                ),
            )
            continue
        for problem in (
            _end_problem(model, conduit.sender, sends=True),
            _end_problem(model, conduit.receiver, sends=False),
        ):
            if problem:
                yield conduit, f"conduit {text}: {problem}"


def _is_swapped(model: v0_2.Model, conduit: v0_2.Conduit) -> bool:
    """Whether both ends of a conduit are valid only at the other end."""
    return (
        bool(_end_problem(model, conduit.sender, sends=True))
        and bool(_end_problem(model, conduit.receiver, sends=False))
        and not _end_problem(model, conduit.receiver, sends=True)
        and not _end_problem(model, conduit.sender, sends=False)
    )


def _end_problem(model: v0_2.Model, end: v0_2.Reference, *, sends: bool) -> str | None:
    """Return the error in one end of a conduit, or None.

    Inside a model, its own ports have the opposite direction: a conduit that starts at a receiving
    port of the model passes on the messages that the model receives.
    """
    name, port = end[:-1], str(end[-1])
    if not len(name):
        return _port_problem(port, model.ports, f"model '{model.name}'", sends=not sends)
    component = model.components.get(name)
    if component is None:
        return f"component '{name}' does not exist.{hint(name, model.components)}"
    if port == SETTINGS_IN and not sends:
        return None
    return _port_problem(port, component.ports, f"component '{name}'", sends=sends)


def _port_problem(port: str, ports: v0_2.Ports, owner: str, *, sends: bool) -> str | None:
    fitting = _names(ports, sends=sends)
    if port in fitting:
        return None
    if port in map(str, ports):
        operator = ports[port].operator.name.lower()
        does, needs = ("receives", "o_i or o_f") if sends else ("sends", "f_init or s")
        return (
            f"port '{port}' of {owner} is declared under {operator}, so it {does}, but this end of"
            f" the conduit needs a port under {needs}.{hint(port, fitting)}"
        )
    return f"{owner} has no port '{port}'.{hint(port, fitting)}"


def _names(ports: v0_2.Ports, *, sends: bool) -> list[str]:
    return [str(name) for name, port in ports.items() if port.operator.allows_sending() == sends]


def conduits_into(model: v0_2.Model, component: v0_2.Reference) -> Iterable[v0_2.Conduit]:
    """Yield the conduits that end at an F_INIT port or the settings port of a component."""
    ports = model.components[component].ports
    for conduit in model.conduits:
        if conduit.receiving_component() == component:
            port = conduit.receiving_port()
            if port == SETTINGS_IN or ports[port].operator is v0_2.Operator.F_INIT:
                yield conduit
