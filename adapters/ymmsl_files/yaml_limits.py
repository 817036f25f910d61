"""Limits on YAML, checked before anything is built from it.

An alias costs a few bytes in a file, but stands for everything below its anchor: nested aliases
turn a kilobyte into more nodes than fit into any memory. A deeply nested file exhausts the stack.
Both are counted in the parser's events, without building a tree.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import yaml

from domain.errors import ConfigurationError

MAX_CHARACTERS: Final = 64 * 2**20
MAX_NODES: Final = 1_000_000
"""Limit on the nodes of a document, where each alias counts as a copy of what it stands for."""

MAX_DEPTH: Final = 100

# The loader in C is ten times as fast, but not every PyYAML has it.
LOADER: Final[type[yaml.SafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _OpenNode(NamedTuple):
    """A list or mapping that has begun but not ended: its anchor, and the nodes counted before."""

    anchor: str | None
    nodes_before: int


def check_size(text: str, label: str) -> None:
    """Check that a document has a reasonable size after its aliases are expanded.

    Raises:
        ConfigurationError: If it is too large or nested too deeply; names the line.
        yaml.YAMLError: If it is not valid YAML.
    """
    if len(text) > MAX_CHARACTERS:
        limit = MAX_CHARACTERS // 2**20
        raise ConfigurationError(f"{label}: it is larger than {limit} MB, the limit for a file.")
    nodes = 0
    sizes: dict[str, int] = {}
    open_nodes: list[_OpenNode] = []
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor is not None:
                sizes[anchor] = nodes - before
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        anchor = event.anchor
        if isinstance(event, yaml.AliasEvent):
            if any(node.anchor == anchor for node in open_nodes):
                raise _problem(label, event, f"the alias '*{anchor}' stands for its own parent.")
            nodes += sizes.get(str(anchor), 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append(_OpenNode(anchor, nodes))
            nodes += 1
            if len(open_nodes) > MAX_DEPTH:
                what = f"more than {MAX_DEPTH} levels of lists and mappings are nested here."
                raise _problem(label, event, what)
        else:
            nodes += 1
            if anchor is not None:
                sizes[anchor] = 1
        if nodes > MAX_NODES:
            what = (
                f"the file has more than {MAX_NODES:,} values up to here, counting those that each"
                " alias (*name) repeats. Is it damaged, or not a configuration?"
            )
            raise _problem(label, event, what)


def composed(text: str, label: str) -> yaml.Node | None:
    """Return the YAML tree of a document of a reasonable size; None if it is empty.

    Raises:
        ConfigurationError: If it is too large or nested too deeply; names the line.
        yaml.YAMLError: If it is not valid YAML.
    """
    check_size(text, label)
    return yaml.compose(text, Loader=LOADER)


def _problem(label: str, event: yaml.Event, what: str) -> ConfigurationError:
    line = "" if event.start_mark is None else f", line {event.start_mark.line + 1}"
    return ConfigurationError(f"{label}{line}: {what}")
