"""Finds invalid and duplicate keys in the YAML itself.

ymmsl stops at the first invalid key. This reports all of them, each with suggestions. The valid
keys are read from ymmsl's own constructors, so they follow its changes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import yaml
from ymmsl import v0_1, v0_2

from domain.suggestions import did_you_mean, hint

PROGRAM_SECTIONS: Final = ("programs", "implementations")
"""Names of the section with programs, in v0.2 and in v0.1."""


@dataclass(frozen=True)
class _Place:
    """The keys that are valid at one place in a document.

    Attributes:
        keys: The valid keys of a mapping there; None if any key is valid.
        inside: The places below some of the keys.
        items: The place below all other keys, or below the elements of a list.
        keeps_duplicates: Whether all entries with the same key count, not only the last one.
    """

    keys: frozenset[str] | None = None
    inside: dict[str, _Place] = field(default_factory=dict)
    items: _Place | None = None
    keeps_duplicates: bool = False

    def below(self, key: str) -> _Place | None:
        """Return the place below a key."""
        return self.inside.get(key, self.items)


def key_problems(tree: yaml.Node, label: str) -> list[str]:
    """Return the errors in the keys of a document.

    Args:
        tree: The YAML of the document.
        label: The document's name in messages.
    """
    root = _PLACES.get(version_of(tree) or "")
    return [] if root is None else [text for _, text in _unknown_keys(tree, root, "", label)]


def mappings_with_unknown_keys(tree: yaml.Node) -> set[str]:
    """Return the paths of the mappings that have an unknown key.

    Args:
        tree: The YAML of the document.
    """
    root = _PLACES.get(version_of(tree) or "")
    return set() if root is None else {path for path, _ in _unknown_keys(tree, root, "", "")}


def duplicate_keys(tree: yaml.Node, label: str) -> list[str]:
    """Return a warning for each duplicate key in a mapping where only the last one counts.

    Mappings in which all entries count, such as `conduits`, cause no warnings.

    Args:
        tree: The YAML of the document.
        label: The document's name in messages.
    """
    return list(_duplicates(tree, _PLACES.get(version_of(tree) or ""), "", label))


def version_of(tree: yaml.Node) -> str | None:
    """Return the yMMSL version that a document declares."""
    for key, value in entries(tree):
        if key == "ymmsl_version" and isinstance(value, yaml.ScalarNode):
            return str(value.value)
    return None


def entries(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    """Yield the keys of a mapping with the nodes below them; nothing for other nodes."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield str(key.value), value


def keys_of(node: yaml.Node) -> set[str]:
    """Return the keys of a mapping; none for other nodes."""
    return {key for key, _ in entries(node)}


def named_entries(section: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
    """Yield the names and nodes of a section, which is a mapping, or a list of items with names."""
    yield from entries(section)
    if isinstance(section, yaml.SequenceNode):
        for item in section.value:
            for key, value in entries(item):
                if key == "name" and isinstance(value, yaml.ScalarNode):
                    yield str(value.value), item


def _unknown_keys(
    node: yaml.Node, place: _Place, path: str, label: str
) -> Iterator[tuple[str, str]]:
    """Yield the path of the mapping, and a message, for each unknown key."""
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            if place.items is not None:
                yield from _unknown_keys(item, place.items, f"{path}[{number}]", label)
        return
    for (key, value), (key_node, _) in zip(entries(node), scalar_keyed(node), strict=True):
        below = f"{path}.{key}" if path else key
        if place.keys is not None and key not in place.keys:
            where = f" in '{path}'" if path else ""
            line = key_node.start_mark.line + 1
            advice = _advice(key, place)
            yield path, f"{label}, line {line}: unknown key '{key}'{where}.{advice}"
        inner = place.below(key)
        if inner is not None:
            yield from _unknown_keys(value, inner, below, label)


def _advice(key: str, place: _Place) -> str:
    """Return a sentence on what to do about an unknown key, with a space before it."""
    assert place.keys is not None
    instead = _OTHER_NAMES.get(key)
    if instead in place.keys:
        return f" In this version of yMMSL, write '{instead}'."
    plural_or_singular = {f"{key}s", key.removesuffix("s")} & place.keys
    if plural_or_singular:
        return did_you_mean(key, plural_or_singular)
    own, other = _versions_with(place)
    homes = list(dict.fromkeys(_homes(key, _PLACES[own], "")))
    if homes:
        return f" It belongs {' or '.join(homes)}."
    offer = did_you_mean(key, place.keys)
    if offer:
        return offer
    if list(_homes(key, _PLACES[other], "")):
        return f" Only yMMSL {other} has it: change 'ymmsl_version', or remove it."
    return hint(key, place.keys)


def _versions_with(place: _Place) -> tuple[str, str]:
    """Return the version that has a place, and the other one."""
    first, second = _PLACES
    return (first, second) if _has(_PLACES[first], place) else (second, first)


def _has(root: _Place, place: _Place) -> bool:
    below = [*root.inside.values(), *([root.items] if root.items else [])]
    return root is place or any(_has(item, place) for item in below)


def _homes(key: str, place: _Place, where: str) -> Iterator[str]:
    """Yield the places where a key is valid."""
    if place.keys is not None and key in place.keys and key != "name":
        yield f"below '{where}'" if where else "at the top of the file, without indentation"
    for name, inner in place.inside.items():
        yield from _homes(key, inner, f"{where}.{name}" if where else name)
    if place.items is not None:
        yield from _homes(key, place.items, f"{where}.{_SINGULAR.get(where, 'NAME')}")


_OTHER_NAMES: Final = {
    "model": "models",
    "models": "model",
    "implementations": "programs",
    "programs": "implementations",
}
"""Keys of v0.1 and of v0.2 that correspond to each other."""

_SINGULAR: Final = {
    "models": "MODEL",
    "programs": "PROGRAM",
    "implementations": "IMPLEMENTATION",
    "resources": "COMPONENT",
    "models.MODEL.components": "COMPONENT",
    "model.components": "COMPONENT",
    "checkpoints.wallclock_time": "RULE",
    "checkpoints.simulation_time": "RULE",
}


def scalar_keyed(node: yaml.Node) -> list[tuple[yaml.Node, yaml.Node]]:
    """Return the same entries as `entries`, but with the nodes of the keys."""
    if not isinstance(node, yaml.MappingNode):
        return []
    return [item for item in node.value if isinstance(item[0], yaml.ScalarNode)]


def _duplicates(node: yaml.Node, place: _Place | None, path: str, label: str) -> Iterator[str]:
    seen: set[str] = set()
    for (key, value), (key_node, _) in zip(entries(node), scalar_keyed(node), strict=True):
        below = f"{path}.{key}" if path else key
        if key in seen and not (place and place.keeps_duplicates):
            line = key_node.start_mark.line + 1
            yield f"{label}, line {line}: duplicate key '{below}': the earlier value is ignored."
        seen.add(key)
        yield from _duplicates(value, place and place.below(key), below, label)
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _duplicates(item, place and place.items, f"{path}[{number}]", label)


def _parameters(*constructors: Callable[..., object]) -> frozenset[str]:
    names: set[str] = set()
    for constructor in constructors:
        names |= set(inspect.signature(constructor).parameters)
    return frozenset(names)


def _resources() -> _Place:
    kinds = (v0_2.ThreadedResReq, v0_2.MPICoresResReq, v0_2.MPINodesResReq)
    return _Place(items=_Place(_parameters(*kinds) | {"gpus"}))


def _programs(constructor: Callable[..., object]) -> _Place:
    container = _Place(frozenset({"image", "runner", "options"}))
    keys = _parameters(constructor) | {"container"}
    return _Place(items=_Place(keys, {"container": container}))


def _checkpoints() -> _Place:
    rule = _Place(_parameters(v0_2.CheckpointRangeRule, v0_2.CheckpointAtRule))
    rules = _Place(items=rule)
    times = {"wallclock_time": rules, "simulation_time": rules}
    return _Place(_parameters(v0_2.Checkpoints), times)


def _shared() -> dict[str, _Place]:
    return {"resources": _resources(), "checkpoints": _checkpoints()}


_ALL_COUNT = _Place(keeps_duplicates=True)
"""A mapping that ymmsl turns into a list, so that a key may occur in it more than once."""


def _version_1() -> _Place:
    component = _Place(_parameters(v0_1.Component), {"ports": _Place(_parameters(v0_1.Ports))})
    inside = {"components": _Place(items=component), "conduits": _ALL_COUNT}
    model = _Place(_parameters(v0_1.Model), inside)
    implementations = _programs(v0_1.Implementation)
    top = _parameters(v0_1.Configuration) | {"ymmsl_version"}
    return _Place(top, {"model": model, "implementations": implementations, **_shared()})


def _version_2() -> _Place:
    component = _Place(_parameters(v0_2.Component))
    parts = {
        "components": _Place(items=component),
        "conduits": _ALL_COUNT,
        "matching_timelines": _ALL_COUNT,
    }
    model = _Place(_parameters(v0_2.Model), parts)
    programs = _programs(v0_2.Program)
    top = _parameters(v0_2.Configuration) | {"ymmsl_version"}
    inside = {"models": _Place(items=model), "programs": programs, **_shared()}
    return _Place(top, inside)


_PLACES = {"v0.1": _version_1(), "v0.2": _version_2()}
