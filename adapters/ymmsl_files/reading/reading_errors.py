"""Converts ymmsl's errors about a document to single sentences that locate the error."""

from __future__ import annotations

import re

import yaml
from ymmsl import v0_2

from adapters.ymmsl_files.reading.keys import duplicate_keys, entries, scalar_keyed, version_of
from domain.suggestions import hint
from domain.wording import shortened

VERSIONS = ("v0.1", "v0.2")

_SHOWN = 60
_PLACE = re.compile(r'in "[^"\n]*", line (\d+), column (\d+)')
_TWICE = re.compile(r"Key not found, or found multiple times: (\w+)")
_NOISE = re.compile(r"^(An error occurred:|None|Multiple things are allowed here.*)$")
_OWN_NAMES = re.compile(r"a\(n\) (?:[\w.]+\.)?(\w+)")
_CHOICE = re.compile(r"Expected a string matching a\(n\) (?:[\w.]+\.)?(\w+)")
_KIND = re.compile(r"Expected an? [\w ]+|Expected a\(n\) \S+")
_PATH = "Expected a(n) <class 'type'>"


def not_ymmsl(tree: yaml.Node | None) -> str | None:
    """Return why a document is not a yMMSL file, or None if it is one.

    Args:
        tree: Its YAML tree; None if it has none.
    """
    if tree is None:
        return "it is empty."
    if not isinstance(tree, yaml.MappingNode):
        return "this is not a yMMSL file: such a file has 'ymmsl_version: v0.2' at its top."
    version = version_of(tree)
    if version is None:
        return "it has no 'ymmsl_version'. Add 'ymmsl_version: v0.2' at its top."
    if version not in VERSIONS:
        return (
            f"yMMSL version '{version}' is not supported.{hint(version, VERSIONS)} Perhaps the"
            " file is for a later version of this program."
        )
    return None


def malformed(error: yaml.YAMLError, label: str, text: str) -> str:
    """Return a message that locates a YAML syntax error.

    Args:
        error: The YAML library's error.
        label: The document's name in messages.
        text: The document.
    """
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return f"{label}: this is not valid YAML: {error}"
    mark = error.problem_mark
    context = f" {error.context}:" if error.context else ""
    lines = text.splitlines()
    line = lines[mark.line].strip() if mark.line < len(lines) else ""
    shown = f", in '{shortened(line, _SHOWN)}'" if line else ""
    return (
        f"{label}, line {mark.line + 1}, column {mark.column + 1}: this is not valid YAML{shown}:"
        f"{context} {error.problem}. {_syntax_advice(str(error.problem), line)}"
    )


def _syntax_advice(problem: str, line: str) -> str:
    if "\t" in line or "tab" in problem:
        return "Indent with spaces instead of tabs."
    return next(
        (advice for part, advice in _SYNTAX_ADVICE if part in problem),
        "Look at the indentation, brackets and quotes here and just above.",
    )


_SYNTAX_ADVICE = (
    (
        "mapping values are not allowed",
        "Write a value that contains ': ' in quotes, or correct the indentation.",
    ),
    ("cannot start any token", "Write a value that begins with this character in quotes."),
    ("quoted scalar", "Close the quotes."),
    ("end of stream", "Close the quotes or brackets."),
    ("expected ',' or", "Close the bracket, or add a comma."),
    ("undefined alias", "Write a value that begins with '*' in quotes."),
    ("unknown escape character", "Use single quotes, in which a backslash is not special."),
)


def explained(error: str, label: str, tree: yaml.Node | None) -> str:
    """Return one sentence for an error message of ymmsl with several lines.

    Args:
        error: ymmsl's message.
        label: The document's name in messages.
        tree: Its YAML tree; None if it has none.
    """
    twice = _TWICE.search(error)
    if twice is not None and tree is not None:
        doubled = [text for text in duplicate_keys(tree, label) if f".{twice[1]}'" in text]
        if doubled:
            return f"{doubled[0]} Merge the two entries."
    place = _PLACE.search(error)
    if place is None or tree is None:
        return f"{label}: {_what(error)}"
    line, column = int(place[1]), int(place[2])
    key = key_at(tree, line, column)
    what = _what(_PLACE.sub("", error))
    return f"{label}, line {line}{f' ({key})' if key else ''}: {what}"


def key_at(tree: yaml.Node, line: int, column: int) -> str:
    """Return the path of the innermost key at or around a place; empty without such a key.

    Args:
        tree: The YAML of a document.
        line: Number of the line, from 1.
        column: Number of the column, from 1.
    """
    place = line - 1, column - 1
    path = ""
    for (key, value), (key_node, _) in zip(entries(tree), scalar_keyed(tree), strict=True):
        start, end = key_node.start_mark, value.end_mark
        if (start.line, start.column) <= place <= (end.line, end.column):
            below = key_at(value, line, column)
            path = f"{key}.{below}" if below else key
    return path


def _what(text: str) -> str:
    choice = _CHOICE.search(text)
    if choice and (kinds := getattr(v0_2, choice[1], None)):
        return f"invalid value; expected one of {', '.join(item.name.lower() for item in kinds)}."
    lines = [line.strip() for line in text.splitlines()]
    lines = list(dict.fromkeys(line for line in lines if line and not _NOISE.match(line)))
    wanted = [line for line in lines if _KIND.fullmatch(line) and line != _PATH]
    if _PATH in lines and len(wanted) == 1:
        wanted.insert(0, "Expected a path")
    if not wanted or len(wanted) < len(lines) - 1:
        return " ".join(lines)
    kinds = [_OWN_NAMES.sub(r"\1", line.removeprefix("Expected ")) for line in wanted]
    return f"invalid value; expected {', or '.join(kinds)}."
