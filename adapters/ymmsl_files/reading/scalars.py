"""Determines the kind of a value in a YAML file, as ymmsl reads it, and describes it."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

import yaml


class ValueKind(Enum):
    """The kind of a value in a YAML file."""

    EMPTY = "empty"
    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    NOT_QUITE_A_NUMBER = "not quite a number"
    """It begins like a number, so ymmsl takes it for one, and fails."""
    DATE = "date"
    TEXT = "text"
    LIST = "list"
    MAPPING = "mapping"


_FLOAT: Final = re.compile(
    r"[-+]?(?:\d+[eE][-+]?\d+|\d+\.(?:[eE][-+]?\d+)?|\d*\.\d+(?:[eE][-+]?\d+)?|\.(?:inf|Inf|INF))"
    r"|\.(?:nan|NaN|NAN)",
    re.ASCII,
)
_BEGINS_LIKE_A_FLOAT: Final = re.compile(r"[-+]?(?:\d+\.|\.\d|\d+[eE][-+]?\d)", re.ASCII)
_BY_TAG: Final = {
    "tag:yaml.org,2002:null": ValueKind.EMPTY,
    "tag:yaml.org,2002:int": ValueKind.INT,
    "tag:yaml.org,2002:timestamp": ValueKind.DATE,
}
_YES: Final = frozenset({"yes", "on", "y", "1", "true"})
_NO: Final = frozenset({"no", "off", "n", "0", "false"})


def value_kind(node: yaml.Node) -> ValueKind:
    """Return what a value is."""
    if isinstance(node, yaml.MappingNode):
        return ValueKind.MAPPING
    if isinstance(node, yaml.SequenceNode):
        return ValueKind.LIST
    if not isinstance(node, yaml.ScalarNode) or node.style:
        return ValueKind.TEXT  # in quotes, or a block
    if node.tag in _BY_TAG:
        return _BY_TAG[node.tag]
    text = str(node.value)
    if text.lower() in ("true", "false"):
        return ValueKind.BOOL
    if _FLOAT.fullmatch(text):
        return ValueKind.FLOAT
    return ValueKind.NOT_QUITE_A_NUMBER if _BEGINS_LIKE_A_FLOAT.match(text) else ValueKind.TEXT


def described(node: yaml.Node) -> str:
    """Return what a value is, for messages."""
    kind = value_kind(node)
    match kind:
        case ValueKind.EMPTY:
            return "empty"
        case ValueKind.LIST:
            return "a list" if node.value else "an empty list"
        case ValueKind.MAPPING:
            return "a mapping"
        case ValueKind.INT | ValueKind.FLOAT:
            return f"the number {_shortened(node)}"
        case ValueKind.DATE:
            return f"the date {_shortened(node)}"
        case _:
            return f"'{_shortened(node)}'"


def in_quotes(node: yaml.Node) -> str:
    """Return a scalar in quotes, as advice on what to write."""
    text = str(node.value)
    return f'"{text}"' if "'" in text else f"'{text}'"


def as_whole_number(node: yaml.Node) -> str | None:
    """Return a scalar as a whole number, such as 1000 for 1e3 or '1000'; None if it is not one."""
    try:
        number = float(node.value)
    except (TypeError, ValueError):
        return None
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else None


def as_number(node: yaml.Node) -> str | None:
    """Return the text of a number in quotes; None if it is not a number."""
    try:
        float(node.value)
    except (TypeError, ValueError):
        return None
    return str(node.value)


def as_bool(node: yaml.Node) -> str | None:
    """Return a scalar such as `yes` or 'true' as a truth value; None if it is not one."""
    text = str(node.value).lower() if isinstance(node, yaml.ScalarNode) else ""
    return "true" if text in _YES else "false" if text in _NO else None


def _shortened(node: yaml.Node) -> str:
    text = " ".join(str(node.value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
