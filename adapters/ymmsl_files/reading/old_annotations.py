"""Finds timeline annotations in the syntax that MUSCLE3 0.10's time had for them: `+name:`."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from adapters.ymmsl_files.reading.keys import entries, scalar_keyed, version_of


def old_annotations(tree: yaml.Node, label: str) -> list[str]:
    """Return an error for each annotation below a `ports` key that begins with a plus sign.

    Args:
        tree: The YAML of a document.
        label: The document's name in messages.
    """
    advice = "" if version_of(tree) == "v0.2" else ", in a v0.2 file (see 'conjoin convert')"
    return [
        f"{label}, line {key.start_mark.line + 1}: '{key.value}' in '{path}' is an annotation of an"
        f" earlier version: write 'timeline {str(key.value).lstrip('+').strip()}:'{advice}."
        for path, ports in _ports(tree, "")
        for key, _ in scalar_keyed(ports)
        if str(key.value).startswith("+")
    ]


def _ports(node: yaml.Node, path: str) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _ports(item, f"{path}[{number}]")
    for key, value in entries(node):
        below = f"{path}.{key}" if path else key
        if key == "ports":
            yield below, value
        elif key not in ("settings", "env"):
            yield from _ports(value, below)
