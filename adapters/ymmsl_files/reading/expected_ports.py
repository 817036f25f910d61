"""The values that the key `ports` may have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import yaml

from adapters.ymmsl_files.reading import expectations as expect
from adapters.ymmsl_files.reading.expectations import IDENTIFIER, Problem
from adapters.ymmsl_files.reading.keys import entries, scalar_keyed
from domain.suggestions import did_you_mean

OPERATORS: Final = ("f_init", "o_i", "s", "o_f")
_OF_TIMELINES: Final = ("o_i", "s")
_TIMELINE: Final = "timeline "


def expect_ports(node: yaml.Node) -> Iterator[Problem]:
    """Accept operators with names of ports, and timelines with operators."""
    yield from expect.section("ports: {o_i: out, s: in}")(node)
    for key_node, value in scalar_keyed(node):
        key = str(key_node.value)
        if key in OPERATORS:
            continue
        if key.startswith(_TIMELINE):
            yield from _timeline(key, value)
        else:
            what = f"contains '{key}', which is not an operator.{_advice(key, value)}"
            yield Problem(key_node, what, may_follow=True)
    yield from _twice(node)


def _timeline(key: str, node: yaml.Node) -> Iterator[Problem]:
    for problem in expect.mapping("{o_i: out, s: in}")(node):
        yield replace(problem, below=f".{key}")
    for operator, names in entries(node):
        if operator in _OF_TIMELINES:
            for problem in expect.port_names(names):
                yield replace(problem, below=f".{key}.{operator}{problem.below}")
        else:
            offer = did_you_mean(operator, _OF_TIMELINES)
            yield Problem(
                names,
                f"contains '{operator}', but a timeline has only the operators 'o_i' and 's'."
                f"{offer}",
                f".{key}",
            )


def _advice(key: str, node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return f" For a timeline, write '{_TIMELINE}{key.removeprefix('+')}'."
    offer = did_you_mean(key.lower(), OPERATORS)
    return offer or f" Write {', '.join(OPERATORS[:-1])} or {OPERATORS[-1]}, then the names."


def _twice(node: yaml.Node) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for key, value in entries(node):
        groups = list(entries(value)) if isinstance(value, yaml.MappingNode) else [(key, value)]
        for operator, names in groups:
            for name in _names(names):
                if name in seen and IDENTIFIER.fullmatch(name):
                    where = f"'{operator}'"
                    if seen[name] != operator:
                        where = f"'{seen[name]}' and {where}"
                    what = f"declares port '{name}' twice, under {where}. Rename one of them."
                    yield Problem(names, what)
                seen[name] = operator


def _names(node: yaml.Node) -> list[str]:
    if isinstance(node, yaml.SequenceNode):
        return [str(item.value) for item in node.value if isinstance(item, yaml.ScalarNode)]
    return str(node.value).split() if isinstance(node, yaml.ScalarNode) else []
