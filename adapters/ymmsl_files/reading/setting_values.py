"""The values that settings may have in a file, and what to write instead of others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import yaml

from adapters.ymmsl_files.reading.expectations import Problem
from adapters.ymmsl_files.reading.keys import entries
from adapters.ymmsl_files.reading.scalars import ValueKind, as_number, in_quotes, value_kind

_BITS: Final = 64
_READ_IN_ANOTHER_BASE: Final = re.compile(r"[-+]?0[0-7_]+|[-+]?[\d_]+(?::[0-5]?\d)+", re.ASCII)
"""Octal numbers such as 017, and those with the base 60, such as 12:30:00."""
_VARIABLE: Final = re.compile(r"\$\{\w+\}|\$[A-Za-z_]\w*", re.ASCII)
_NUMBERS: Final = frozenset({ValueKind.INT, ValueKind.FLOAT})


def setting_problems_in(key: str, node: yaml.Node) -> Iterator[Problem]:
    """Yield the problems of the value of a setting.

    Args:
        key: Name of the setting.
        node: Its value.
    """
    match value_kind(node):
        case ValueKind.EMPTY:
            yield Problem(node, f"has no value. Write one, such as '{key}: 0', or remove it.")
        case ValueKind.DATE | ValueKind.NOT_QUITE_A_NUMBER:
            yield _ambiguous(node)
        case ValueKind.MAPPING:
            yield _nested(key, node)
        case ValueKind.LIST:
            yield from _in_list(key, node)
        case ValueKind.INT:
            yield from too_large(node)
        case _:
            if node.tag in ("tag:yaml.org,2002:value", "tag:yaml.org,2002:merge"):
                yield _ambiguous(node)


def settings_in(tree: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
    """Yield the settings of a document."""
    for section, values in entries(tree):
        if section == "settings":
            yield from entries(values)


def too_large_settings(tree: yaml.Node, label: str) -> list[str]:
    """Return an error for each setting that is too large an integer, which ymmsl accepts.

    Args:
        tree: The YAML of the document.
        label: The document's name in messages.
    """
    return [
        f"{label}, line {node.start_mark.line + 1}: 'settings.{key}' {problem.what}"
        for key, node in settings_in(tree)
        if value_kind(node) is ValueKind.INT
        for problem in too_large(node)
    ]


def misread_settings(tree: yaml.Node, label: str) -> list[str]:
    """Return a warning for each setting whose value is probably not read as its author meant it.

    Args:
        tree: The YAML of the document.
        label: The document's name in messages.
    """
    return [
        f"{label}, line {node.start_mark.line + 1}: 'settings.{key}' {what}"
        for key, node in settings_in(tree)
        for what in _misreadings(node)
    ]


def _misreadings(node: yaml.Node) -> Iterator[str]:
    if not isinstance(node, yaml.ScalarNode):
        return
    written = str(node.value)
    if value_kind(node) is ValueKind.INT and _READ_IN_ANOTHER_BASE.fullmatch(written):
        value = yaml.safe_load(written)
        yield (
            f"is {written}, which is read as the number {value}. Write {in_quotes(node)} for text,"
            f" or {value}."
        )
    found = _VARIABLE.search(written) if value_kind(node) is ValueKind.TEXT else None
    if found is not None:
        yield (
            f"contains '{found[0]}', but variables are not replaced in settings. Write its value,"
            " or let the program read the environment variable."
        )


def too_large(node: yaml.Node) -> Iterator[Problem]:
    """Yield the problem of a whole number that has more than 64 bits."""
    try:
        value = int(str(node.value).replace("_", ""), 0)
    except ValueError:
        return
    if not -(2 ** (_BITS - 1)) <= value < 2 ** (_BITS - 1):
        yield Problem(
            node,
            f"is {value}, which is too large for an integer of {_BITS} bits. Write {float(value)!r}"
            f" for a float, or {in_quotes(node)} for text.",
        )


def _ambiguous(node: yaml.Node) -> Problem:
    what = "a date" if value_kind(node) is ValueKind.DATE else "not quite a number"
    what = "special in YAML" if value_kind(node) is ValueKind.TEXT else what
    return Problem(node, f"is {node.value}, which is {what}. For text, write {in_quotes(node)}.")


def _nested(key: str, node: yaml.Node) -> Problem:
    names = [item for item, _ in node.value if isinstance(item, yaml.ScalarNode)]
    values = [item for _, item in node.value]
    if not names or not isinstance(values[0], yaml.ScalarNode):
        return Problem(node, f"is a mapping, but settings are not nested. Write '{key}.NAME: 0'.")
    first = f"{key}.{names[0].value}: {values[0].value}"
    rest = ", and so on" if len(names) > 1 else ""
    return Problem(node, f"is a mapping, but settings are not nested. Write '{first}'{rest}.")


def _in_list(key: str, node: yaml.Node) -> Iterator[Problem]:
    items = node.value
    kinds = {value_kind(item) for item in items}
    if not items:
        yield Problem(
            node,
            f"is an empty list, whose type is unknown. Remove '{key}', and let the program use a"
            " default.",
        )
    elif kinds == {ValueKind.LIST}:
        yield from _in_table(node)
    elif kinds <= _NUMBERS:
        if len(kinds) > 1:
            yield Problem(
                node, f"mixes whole numbers and floats. Write {_floats(node)}, all as floats."
            )
    else:
        yield _no_numbers(key, node)


def _in_table(node: yaml.Node) -> Iterator[Problem]:
    cells = [item for row in node.value for item in row.value]
    kinds = {value_kind(item) for item in cells}
    if not kinds <= _NUMBERS:
        yield Problem(
            node, "is a list of lists, which must contain only floats. Write [[1.0, 2.0]]."
        )
    elif kinds != {ValueKind.FLOAT}:
        rows = ", ".join(_floats(row) for row in node.value)
        yield Problem(
            node, f"must contain only floats, since it is a list of lists. Write [{rows}]."
        )


def _no_numbers(key: str, node: yaml.Node) -> Problem:
    if not all(isinstance(item, yaml.ScalarNode) for item in node.value):
        return Problem(node, "is a list that mixes numbers and lists. Write numbers only.")
    if all(map(as_number, node.value)):
        numbers = ", ".join(str(item.value) for item in node.value)
        return Problem(node, f"contains numbers in quotes. Write [{numbers}].")
    wrong = next(item for item in node.value if value_kind(item) not in _NUMBERS)
    words = " ".join(str(item.value) for item in node.value)
    return Problem(
        wrong,
        "is a list with something other than numbers. Write text in one string, such as"
        f" '{key}: {words}', and split it in the program.",
    )


def _floats(node: yaml.Node) -> str:
    return f"[{', '.join(_as_float(item) for item in node.value)}]"


def _as_float(node: yaml.Node) -> str:
    written = str(node.value)
    return written if value_kind(node) is ValueKind.FLOAT else f"{written}.0"
