"""Checks each model as written: its components, their ports and its conduits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ymmsl import v0_2

from adapters.ymmsl_files.reading.origins import Origins
from domain.coupling.ports import SETTINGS_IN
from domain.suggestions import hint

RESERVED = "muscle_"


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
            *_conduit_problems(model),
            *_receiver_problems(model),
        ]
        if programs_required:
            found += _missing_implementations(configuration, model)
        found += _port_mismatches(configuration, model)
        problems += [f"{origins.model(model)}: {text}" for text in found]
    return [*problems, *_duplicate_names(configuration, origins)]


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


def _multiplicity_problems(model: v0_2.Model) -> Iterator[str]:
    for component in model.components.values():
        if any(size < 1 for size in component.multiplicity):
            yield (
                f"component '{component.name}' has multiplicity {component.multiplicity}; each"
                " number must be 1 or more."
            )


def _port_name_problems(model: v0_2.Model) -> Iterator[str]:
    owners = [("the model", model.ports)]
    owners += [(f"component '{item.name}'", item.ports) for item in model.components.values()]
    for owner, ports in owners:
        for name, port in ports.items():
            fine = name == SETTINGS_IN and port.operator is v0_2.Operator.F_INIT
            if str(name).startswith(RESERVED) and not fine:
                yield (
                    f"port '{name}' of {owner} starts with '{RESERVED}', which is reserved for"
                    " the coupling library. Rename the port."
                )


def _missing_implementations(configuration: v0_2.Configuration, model: v0_2.Model) -> Iterator[str]:
    known = [*configuration.programs, *configuration.models]
    for component in model.components.values():
        wanted = component.implementation
        if wanted is not None and wanted not in known:
            offer = hint(wanted, set(known) - {model.name})
            yield (
                f"component '{component.name}' has implementation '{wanted}', but no program"
                f" or model has that name.{offer}  Add it to 'programs', or import it."
            )


def _port_mismatches(configuration: v0_2.Configuration, model: v0_2.Model) -> Iterator[str]:
    for component in model.components.values():
        inside = component.implementation and configuration.models.get(component.implementation)
        program = component.implementation and configuration.programs.get(component.implementation)
        if inside:
            yield from _mismatched(component, inside.ports, f"model '{inside.name}'")
        elif program and len(program.ports):
            yield from _mismatched(component, program.ports, f"program '{program.name}'")


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


def _receiver_problems(model: v0_2.Model) -> Iterator[str]:
    senders: defaultdict[str, list[str]] = defaultdict(list)
    for conduit in model.conduits:
        senders[str(conduit.receiver)].append(f"'{conduit.sender}'")
    for receiver, found in senders.items():
        if len(found) > 1:
            yield (
                f"port '{receiver}' receives from {' and from '.join(found)}, but a receiving port"
                " can have only one sender. Remove a conduit, or use a port for each."
            )


def _conduit_problems(model: v0_2.Model) -> Iterator[str]:
    for conduit in model.conduits:
        text = f"'{conduit.sender}: {conduit._filters_receiver()}'"
        for problem in (
            _end_problem(model, conduit.sender, sends=True),
            _end_problem(model, conduit.receiver, sends=False),
        ):
            if problem:
                yield f"conduit {text}: {problem}"


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
