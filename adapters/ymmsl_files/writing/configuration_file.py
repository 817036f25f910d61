"""Writes a flat configuration as a yMMSL v0.2 file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import yaml

from adapters.ymmsl_files.reading.requirement_keys import requirement_values
from adapters.ymmsl_files.snapshot_header import SnapshotHeader, dump_header
from domain.coupling.conduits import Conduit
from domain.coupling.ports import Port
from domain.model.checkpoint_rules import CheckpointAtRule, CheckpointRule, Checkpoints
from domain.model.configuration import (
    Component,
    Configuration,
    Model,
    Program,
)
from domain.model.containers import Container

Node = dict[str, object]


def dumped(configuration: Configuration) -> str:
    """Return the contents of a file that describes a flat configuration.

    ymmsl's own writer is unsuitable: it writes arguments that are shell text as a list.

    Args:
        configuration: The flat configuration.
    """
    header = dump_header(SnapshotHeader(configuration.resume_origin))
    return header + yaml.dump(
        _without_empty(_document(configuration)),
        Dumper=YmmslDumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )


class YmmslDumper(yaml.SafeDumper):
    """Writes strings with line breaks as blocks, and never uses YAML aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


# Strings that ymmsl reads correctly without quotes. PyYAML's writer does not take into account that
# ymmsl reads `1e5` as a number and `trueish` as a boolean.
_PLAIN = re.compile(r"(?!true|false)[a-z_/][\w./ -]*", re.ASCII | re.IGNORECASE)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None if _PLAIN.fullmatch(text) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


YmmslDumper.add_representer(str, _text)


def _document(configuration: Configuration) -> Node:
    model = configuration.model
    return {
        "ymmsl_version": "v0.2",
        "description": configuration.description,
        "models": {
            str(model.name): {
                "description": "Flattened by Conjoin",
                "components": {
                    str(name): _component(item) for name, item in model.components.items()
                },
                "conduits": _conduits(model.conduits),
                **_matching_timelines(model),
            }
        },
        "settings": configuration.settings.as_dict(),
        "programs": {str(name): _program(item) for name, item in configuration.programs.items()},
        "resources": {
            str(model.name + name): requirement_values(item)
            for name, item in configuration.resources.items()
        },
        "checkpoints": _checkpoints(configuration.checkpoints),
        "resume": {str(name): path for name, path in configuration.resume.items()},
    }


def _without_empty(node: Node) -> Node:
    return {key: value for key, value in node.items() if value not in ({}, [], "", None)}


def _component(component: Component) -> Node:
    return {
        "ports": ports_by_operator(component.ports),
        "description": component.description,
        "implementation": str(component.program),
        **({"multiplicity": list(component.multiplicity)} if component.multiplicity else {}),
    }


def ports_by_operator(ports: Mapping[str, Port]) -> Node:
    """Return ports as the mapping that a yMMSL file has below `ports`."""
    result: Node = {}
    for port in ports.values():
        place = result
        if port.timeline:
            place = result.setdefault(f"timeline {port.timeline}", {})  # type: ignore[assignment]
        names = place.setdefault(port.operator.name.lower(), [])
        names.append(port.name)  # type: ignore[attr-defined]
    return result


def _conduits(conduits: Iterable[Conduit]) -> Node:
    by_sender: dict[str, list[str]] = {}
    for conduit in conduits:
        words = [*(item.value for item in conduit.filters), str(conduit.receiver)]
        by_sender.setdefault(str(conduit.sender), []).append(" ".join(words))
    return {
        sender: receivers[0] if len(receivers) == 1 else receivers
        for sender, receivers in by_sender.items()
    }


def _matching_timelines(model: Model) -> Node:
    matches = {head: list(others) for head, *others in model.matching_timelines}
    return {"matching_timelines": matches} if matches else {}


def _program(program: Program) -> Node:
    how: Node = {
        "description": "",
        "ports": ports_by_operator(program.ports),
        "execution_model": program.execution_model.value,
        "can_share_resources": program.can_share_resources,
        "keeps_state_for_next_use": program.keeps_state_for_next_use.value,
        **({} if program.container is None else {"container": _container(program.container)}),
    }
    if program.script is not None:
        return {**_without_empty(how), "script": program.script}
    args = program.args if isinstance(program.args, str) else list(program.args)
    return _without_empty(
        {
            **how,
            "base_env": program.base_env.value,
            "modules": list(program.modules),
            "virtual_env": program.virtual_env,
            "env": dict(program.env),
            "executable": program.executable,
            "args": args,
        }
    )


def _container(container: Container) -> Node:
    return _without_empty(
        {
            "image": container.image,
            "runner": container.runner.value,
            "options": list(container.options),
        }
    )


def _checkpoints(checkpoints: Checkpoints) -> Node:
    return _without_empty(
        {
            "at_end": checkpoints.at_end or None,
            "wallclock_time": list(map(_rule, checkpoints.wallclock_time)),
            "simulation_time": list(map(_rule, checkpoints.simulation_time)),
        }
    )


def _rule(rule: CheckpointRule) -> Node:
    if isinstance(rule, CheckpointAtRule):
        return {"at": list(rule.at)}
    return _without_empty({"every": rule.every, "start": rule.start, "stop": rule.stop})
