"""Reads the keys that ymmsl does not know, and removes them from the text that ymmsl reads.

These are `gpus` in the entries under `resources`, and `container` in programs. All other text stays
in its place, so that the lines in ymmsl's errors are those of the user's file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from adapters.ymmsl_files.reading.keys import PROGRAM_SECTIONS, entries, named_entries
from domain.errors import ConfigurationError
from domain.model.containers import Container, ContainerRunner
from domain.suggestions import hint

GPUS: Final = "gpus"
CONTAINER: Final = "container"

_ALIAS: Final = re.compile(r"""["']?\s*:\s*\*[^\s,\]}]+""")
_APPTAINER_IMAGE: Final = re.compile(r"[a-z]+://.*|.*\.sif|[/~$.].*", re.DOTALL)
_INTEGER: Final = re.compile(r"[+-]?\d+")
_NOT_BREAK: Final = re.compile(r"[^\r\n]")

_RUNNERS: Final = [runner.value for runner in ContainerRunner]


@dataclass(frozen=True)
class OwnKeys:
    """The values of the keys that ymmsl does not know.

    Attributes:
        gpus: Numbers of GPUs, by key under `resources`.
        containers: Containers, by name of the program.
    """

    gpus: Mapping[str, int] = field(default_factory=dict)
    containers: Mapping[str, Container] = field(default_factory=dict)


@dataclass(frozen=True)
class _Found:
    """An entry with one of these keys.

    Attributes:
        around: The mapping that it is in.
        position: Its position there.
        where: The path of the key, for messages.
        name: The name of the program or resources.
    """

    around: yaml.MappingNode
    position: int
    where: str
    name: str

    @property
    def pair(self) -> tuple[yaml.Node, yaml.Node]:
        """The key and its value."""
        key, value = self.around.value[self.position]
        return key, value


def read_own_keys(text: str, tree: yaml.Node, label: str, directory: Path) -> tuple[str, OwnKeys]:
    """Return a text without the keys that ymmsl does not know, and their values.

    Args:
        text: The text of a document.
        tree: Its YAML tree.
        label: The document's name in messages.
        directory: The directory for relative paths of images.

    Raises:
        ConfigurationError: If a value is invalid; names the line.
    """
    gpus = {item: _gpus(item.pair[1]) for item in _found(tree, ("resources",), GPUS)}
    containers = {
        item: _container(item.pair[1], directory)
        for item in _found(tree, PROGRAM_SECTIONS, CONTAINER)
    }
    values: dict[_Found, object] = {**gpus, **containers}
    problems = [
        f"{label}, line {item.pair[0].start_mark.line + 1}: '{item.where}' {value}"
        for item, value in values.items()
        if isinstance(value, str)
    ]
    if problems:
        raise ConfigurationError(*problems)
    # an alias of a whole entry leads to the same key again; go backwards, to keep the positions
    by_start = {item.pair[0].start_mark.index: item for item in values}
    for start in sorted(by_start, reverse=True):
        text = _without(text, by_start[start])
    return text, OwnKeys(
        {item.name: value for item, value in gpus.items() if isinstance(value, int)},
        {item.name: value for item, value in containers.items() if isinstance(value, Container)},
    )


def _found(tree: yaml.Node, sections: tuple[str, ...], key: str) -> Iterator[_Found]:
    for section, node in entries(tree):
        if section in sections:
            for name, mapping in named_entries(node):
                if isinstance(mapping, yaml.MappingNode):
                    for position, (found, _) in enumerate(mapping.value):
                        if isinstance(found, yaml.ScalarNode) and found.value == key:
                            yield _Found(mapping, position, f"{section}.{name}.{key}", name)


def _gpus(node: yaml.Node) -> int | str:
    """Return the number of GPUs, or an error."""
    is_number = isinstance(node, yaml.ScalarNode) and _INTEGER.fullmatch(node.value)
    if not is_number or int(node.value) < 0:
        return "is not a whole number of 0 or more."
    return int(node.value)


def _container(node: yaml.Node, directory: Path) -> Container | str:
    """Return the container, or an error."""
    if isinstance(node, yaml.ScalarNode):
        image = str(node.value)
        if not _APPTAINER_IMAGE.fullmatch(image):
            return (
                "is neither a file '*.sif' nor a URL. For an image of another runner, write"
                f" '{{image: \"{image}\", runner: podman}}'."
            )
        return Container(_resolved(image, directory))
    parts = {key: value for key, value in entries(node) if key in ("image", "runner", "options")}
    image_node, options = parts.get("image"), parts.get("options")
    if not isinstance(image_node, yaml.ScalarNode) or not image_node.value:
        return "has no image. Write 'container: image.sif', or add 'image' below it."
    runner = _runner(parts.get("runner"))
    if isinstance(runner, str):
        return runner
    if options is not None and not _is_list_of_words(options):
        return "has 'options' that are not a list of words."
    words = () if options is None else tuple(str(item.value) for item in options.value)
    is_file = runner is ContainerRunner.APPTAINER
    name = _resolved(image_node.value, directory) if is_file else str(image_node.value)
    return Container(name, runner, words)


def _runner(node: yaml.Node | None) -> ContainerRunner | str:
    if node is None:
        return ContainerRunner.APPTAINER
    name = str(node.value)
    if name not in _RUNNERS:
        known = ", ".join(_RUNNERS)
        return f"has the unknown runner '{name}'.{hint(name, _RUNNERS)} The runners are {known}."
    return ContainerRunner(name)


def _is_list_of_words(node: yaml.Node) -> bool:
    return isinstance(node, yaml.SequenceNode) and all(
        isinstance(item, yaml.ScalarNode) for item in node.value
    )


def _resolved(image: str, directory: Path) -> str:
    """Return the path of an image file, which is relative to the directory of the document."""
    if "://" in image or image.startswith(("~", "$")):
        return image
    return str(directory / image)


def _without(text: str, item: _Found) -> str:
    """Return a text in which an entry is replaced by spaces, or by what ymmsl needs instead."""
    key, value = item.pair
    start, end = key.start_mark.index, value.end_mark.index
    if value.start_mark.index < key.end_mark.index:  # the value is an alias
        alias = _ALIAS.match(text, key.end_mark.index)
        end = key.end_mark.index if alias is None else alias.end()
    if len(item.around.value) == 1:
        replacement = "threads: 1" if key.value == GPUS else ""
        return f"{text[:start]}{replacement}{_blank(text[start:end])}{text[end:]}"
    if item.around.flow_style and item.position + 1 < len(item.around.value):
        end = item.around.value[item.position + 1][0].start_mark.index
    return f"{text[:start]}{_blank(text[start:end])}{text[end:]}"


def _blank(text: str) -> str:
    return _NOT_BREAK.sub(" ", text)
