"""Finds the lines of components, conduits and other parts of models, for messages."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from adapters.ymmsl_files.reading.keys import scalar_keyed


def line_of(tree: yaml.Node, path: Sequence[str]) -> int | None:
    """Return the number of the line of a part of a document, from 1; None if it is not found.

    Args:
        tree: The YAML of the document.
        path: The keys that lead to it; in a list, the name of an element.
    """
    node: yaml.Node | None = tree
    at: yaml.Node | None = None
    for key in path:
        at, node = _below(node, key)
        if node is None:
            return None
    return None if at is None else at.start_mark.line + 1


def line_of_conduit(tree: yaml.Node, path: Sequence[str], receiver: str) -> int | None:
    """Return the number of the line of a conduit; None if it is not found.

    Args:
        tree: The YAML of the document.
        path: The keys that lead to it; the last one is the sender.
        receiver: The receiving port, which is looked for in the entries of that sender.
    """
    section = _node(tree, path[:-1])
    for key, value in scalar_keyed(section) if section is not None else []:
        if key.value != path[-1]:
            continue
        if isinstance(value, yaml.SequenceNode):
            for item in value.value:
                if str(item.value).split()[-1:] == [receiver]:
                    return int(item.start_mark.line) + 1
        elif str(value.value).split()[-1:] == [receiver]:
            return int(key.start_mark.line) + 1
    return line_of(tree, path)


def _node(tree: yaml.Node, path: Sequence[str]) -> yaml.Node | None:
    node: yaml.Node | None = tree
    for key in path:
        _, node = _below(node, key)
    return node


def _below(node: yaml.Node | None, key: str) -> tuple[yaml.Node | None, yaml.Node | None]:
    """Return the node of a key, and the node of its value."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            for name, value in scalar_keyed(item):
                if name.value == "name" and value.value == key:
                    return item, item
    for found, value in scalar_keyed(node) if node is not None else []:
        if found.value == key:
            return found, value
    return None, None
