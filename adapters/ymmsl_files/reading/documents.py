"""Reads each of the user's files, strings and objects into a document, before merging."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml
import ymmsl
from ymmsl import v0_1, v0_2

from adapters.io.symbolic_links import dangling_link
from adapters.ymmsl_files.checksum import check_unaltered
from adapters.ymmsl_files.reading.keys import (
    duplicate_keys,
    key_problems,
    mappings_with_unknown_keys,
)
from adapters.ymmsl_files.reading.old_annotations import old_annotations
from adapters.ymmsl_files.reading.own_keys import OwnKeys, read_own_keys
from adapters.ymmsl_files.reading.reading_errors import explained, malformed, not_ymmsl
from adapters.ymmsl_files.reading.setting_values import misread_settings, too_large_settings
from adapters.ymmsl_files.reading.value_problems import value_problems
from adapters.ymmsl_files.snapshot_header import load_header
from adapters.ymmsl_files.yaml_limits import MAX_CHARACTERS, composed
from domain.errors import ConfigurationError
from domain.model.configuration import ResumeOrigin
from domain.suggestions import hint

STANDARD_INPUT = "-"

# These libraries log every step of reading a file, at INFO. A host program that has chosen their
# level gets these lines.
for _library in ("yatiml", "ymmsl"):
    _log = logging.getLogger(_library)
    if _log.level == logging.NOTSET:
        _log.setLevel(logging.WARNING)

Content = v0_1.PartialConfiguration | v0_2.Configuration


@dataclass(frozen=True)
class Document:
    """One file, string or object given by the user.

    Attributes:
        label: Its name in messages.
        content: The object that ymmsl read from it.
        tree: Its YAML tree; None for an object.
        directory: The directory of the file; None if it is not a file.
        resume_origin: The metadata in the comment lines of a workflow snapshot, if any.
        own: The values of the keys that ymmsl does not know.
    """

    label: str
    content: Content
    tree: yaml.Node | None = None
    directory: Path | None = None
    resume_origin: ResumeOrigin | None = None
    own: OwnKeys = field(default_factory=OwnKeys)


def read_documents(
    sources: Sequence[object], warnings: list[str]
) -> tuple[list[Document], list[str]]:
    """Read all sources.

    Args:
        sources: Paths, strings, or objects of ymmsl.
        warnings: Receives warnings.

    Returns:
        The documents, and the errors in those that could not be read.
    """
    documents: list[Document] = []
    problems: list[str] = []
    if sources.count(STANDARD_INPUT) > 1:
        problem = (
            "Standard input ('-') is given more than once, but it can be read only once."
            " Give it once, and the others as files."
        )
        return documents, [problem]
    for source in sources:
        try:
            documents.append(_read(source, warnings))
        except ConfigurationError as error:
            problems += error.problems
    return documents, problems


def parsed_tree(text: str, label: str) -> yaml.Node | None:
    """Return the YAML tree of a string, or None if it cannot be parsed.

    Args:
        text: The string.
        label: Its name in messages.

    Raises:
        ConfigurationError: If it is too large or nested too deeply.
    """
    try:
        return composed(text, label)
    except yaml.YAMLError:
        return None


def _read(source: object, warnings: list[str]) -> Document:
    if isinstance(source, (v0_1.PartialConfiguration, v0_2.Configuration)):
        return Document("the configuration object", source)
    if isinstance(source, Path):
        return _read_file(source, warnings)
    if not isinstance(source, str):
        raise ConfigurationError(
            f"A configuration cannot be read from a {type(source).__name__}: pass the path of a"
            " yMMSL file, its text, or a configuration object of the ymmsl library."
        )
    if source == STANDARD_INPUT:
        return _read_text(sys.stdin.read(MAX_CHARACTERS + 1), "standard input", None, warnings)
    if "\n" in source:
        return _read_text(source, "the text given", None, warnings)
    return _read_file(Path(source), warnings)


def _read_file(path: Path, warnings: list[str]) -> Document:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MAX_CHARACTERS + 1)
    except FileNotFoundError:
        advice = dangling_link(path)
        advice = _similar_files(path) if advice is None else f" {advice}"
        raise ConfigurationError(f"{path}: file not found.{advice}") from None
    except IsADirectoryError:
        raise ConfigurationError(f"{path}: this is a directory, not a yMMSL file.") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: this is not a text file in UTF-8.") from None
    return _read_text(text, str(path), path.resolve().parent, warnings)


def _similar_files(path: Path) -> str:
    try:
        present = [
            item.name
            for item in path.parent.iterdir()
            if item.suffix == path.suffix and item.exists()
        ]
    except OSError:
        return f" The directory {path.parent} does not exist either."
    return hint(path.name, present)


def _read_text(text: str, label: str, directory: Path | None, warnings: list[str]) -> Document:
    try:
        check_unaltered(text)
    except ConfigurationError as error:
        raise ConfigurationError(f"{label}: {error}") from None
    try:
        tree = composed(text, label)
    except yaml.YAMLError as error:
        raise ConfigurationError(malformed(error, label, text)) from None
    problem = not_ymmsl(tree)
    if tree is None or problem:
        raise ConfigurationError(f"{label}: {problem}")
    problems = old_annotations(tree, label)
    if problems:
        raise ConfigurationError(*problems)
    problems = key_problems(tree, label)
    if problems:
        unknown = mappings_with_unknown_keys(tree)
        others = value_problems(tree, label, with_unknown_keys=unknown)
        raise ConfigurationError(*problems, *others)
    warnings += [*duplicate_keys(tree, label), *misread_settings(tree, label)]
    origin = load_header(text).origin
    rest, own = read_own_keys(text, tree, label, directory or Path.cwd())
    content = _parsed(rest, label, tree)
    problems = too_large_settings(tree, label)
    if problems:
        raise ConfigurationError(*problems)
    return Document(label, content, tree, directory, origin, own)


def _parsed(text: str, label: str, tree: yaml.Node) -> Content:
    stream = io.StringIO(text)
    stream.name = label
    try:
        content = ymmsl.load(stream)
    except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
        problems = value_problems(tree, label)
        raise ConfigurationError(*(problems or [explained(str(error), label, tree)])) from None
    assert isinstance(content, (v0_1.PartialConfiguration, v0_2.Configuration))
    return content
