"""Checks of the values of keys, with valid values to write instead of invalid ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import yaml
from ymmsl import v0_2

from adapters.ymmsl_files.reading.scalars import (
    ValueKind,
    as_bool,
    as_number,
    as_whole_number,
    described,
    in_quotes,
    value_kind,
)
from domain.suggestions import did_you_mean, hint

IDENTIFIER: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_REFERENCE: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\])*", re.ASCII)
_SCALARS: Final = frozenset(ValueKind) - {ValueKind.LIST, ValueKind.MAPPING, ValueKind.EMPTY}


@dataclass(frozen=True)
class Problem:
    """An invalid value.

    Attributes:
        node: The value, or the part of it that is invalid.
        what: The rest of a sentence that begins with the key, with what to write.
        below: The path from the key to the invalid part.
        is_wrong_kind: Whether it is, for example, a list instead of a mapping, so that its
            contents cannot be checked.
        may_follow: Whether it may follow from an unknown key in the same mapping.
    """

    node: yaml.Node
    what: str
    below: str = ""
    is_wrong_kind: bool = False
    may_follow: bool = False


Check: TypeAlias = Callable[[yaml.Node], Iterator[Problem]]
"""Yields the problems of a value."""


def _unlike(node: yaml.Node, wanted: str, advice: str) -> Problem:
    what = f"must be {wanted}, but it is {described(node)}. {advice}"
    return Problem(node, what, is_wrong_kind=True)


def text(example: str) -> Check:
    """Accept a string."""

    def check(node: yaml.Node) -> Iterator[Problem]:
        if value_kind(node) is ValueKind.TEXT:
            return
        is_scalar = value_kind(node) in _SCALARS
        advice = f"Write it in quotes: {in_quotes(node)}." if is_scalar else f"Write '{example}'."
        yield _unlike(node, "text", advice)

    return check


def name(example: str) -> Check:
    """Accept the name of a component, program or model."""

    def check(node: yaml.Node) -> Iterator[Problem]:
        if value_kind(node) is not ValueKind.TEXT:
            yield _unlike(node, "a name", f"Write, for example, '{example}'.")
        elif not _REFERENCE.fullmatch(node.value):
            yield bad_name(node)

    return check


def bad_name(node: yaml.Node) -> Problem:
    """Return the problem of a name with invalid characters."""
    return Problem(
        node,
        f"is not a valid name: {in_quotes(node)}. A name consists of letters, digits and"
        f" underscores, and does not start with a digit.{_fixed(str(node.value))}",
    )


def _fixed(name: str) -> str:
    """Return a sentence with a valid name that resembles an invalid one; empty without one."""
    fixed = re.sub(r"[^A-Za-z0-9_.]+", "_", name, flags=re.ASCII).strip("_.")
    fixed = f"_{fixed}" if fixed[:1].isdigit() else fixed
    return f" Write, for example, '{fixed}'." if _REFERENCE.fullmatch(fixed) else ""


def boolean(example: str) -> Check:
    """Accept a truth value."""
    return _kind((ValueKind.BOOL,), "true or false", as_bool, f"Write '{example}'.")


def whole_number(example: str) -> Check:
    """Accept a whole number."""
    advice = f"Write, for example, '{example}'."
    return _kind((ValueKind.INT,), "a whole number", as_whole_number, advice)


def number(example: str) -> Check:
    """Accept a number."""
    kinds = (ValueKind.INT, ValueKind.FLOAT)
    return _kind(kinds, "a number", as_number, f"Write, for example, '{example}'.")


def _kind(
    kinds: tuple[ValueKind, ...],
    wanted: str,
    meant_by: Callable[[yaml.Node], str | None],
    advice: str,
) -> Check:
    """Accept values of some kinds.

    Args:
        kinds: The kinds.
        wanted: Their name in messages.
        meant_by: Returns the valid value that an invalid one probably means, if there is one.
        advice: What to write otherwise.
    """

    def check(node: yaml.Node) -> Iterator[Problem]:
        if value_kind(node) not in kinds:
            meant = meant_by(node)
            yield _unlike(node, wanted, f"Write {meant}." if meant else advice)

    return check


def one_of(*choices: str) -> Check:
    """Accept one of some words, in any case."""

    def check(node: yaml.Node) -> Iterator[Problem]:
        if not isinstance(node, yaml.ScalarNode) or str(node.value).lower() not in choices:
            offer = did_you_mean(node.value, choices) if isinstance(node, yaml.ScalarNode) else ""
            advice = offer.strip() or f"Write '{choices[0]}', for example."
            yield _unlike(node, f"one of {', '.join(choices)}", advice)

    return check


def either(single: Check, wanted: str, example: str, *, also_empty: bool = False) -> Check:
    """Accept a value, or a list of such values."""

    def check(node: yaml.Node) -> Iterator[Problem]:
        kind = value_kind(node)
        if kind is ValueKind.LIST:
            for index, item in enumerate(node.value):
                yield from (
                    Problem(found.node, found.what, f"[{index}]{found.below}")
                    for found in single(item)
                )
        elif kind is ValueKind.MAPPING or (kind is ValueKind.EMPTY and not also_empty):
            yield _unlike(node, wanted, f"Write, for example, '{example}'.")
        elif kind is not ValueKind.EMPTY:
            yield from single(node)

    return check


def mapping(example: str) -> Check:
    """Accept a mapping; its values are checked on their own."""

    def check(node: yaml.Node) -> Iterator[Problem]:
        if not isinstance(node, yaml.MappingNode):
            yield _unlike(node, "a mapping of names to values", f"Write, for example, '{example}'.")

    return check


def section(example: str) -> Check:
    """Accept a mapping, or nothing."""

    def check(node: yaml.Node) -> Iterator[Problem]:
        if value_kind(node) is not ValueKind.EMPTY:
            yield from mapping(example)(node)

    return check


def list_of(example: str) -> Check:
    """Accept a list; its elements are checked on their own."""

    def check(node: yaml.Node) -> Iterator[Problem]:
        if value_kind(node) not in (ValueKind.LIST, ValueKind.EMPTY):
            yield _unlike(node, "a list", f"Write, for example, '{example}'.")

    return check


def named_parts(example: str) -> Check:
    """Accept a mapping by name, or a list of mappings with a `name`."""

    def check(node: yaml.Node) -> Iterator[Problem]:
        if value_kind(node) not in (ValueKind.LIST, ValueKind.MAPPING, ValueKind.EMPTY):
            yield from mapping(example)(node)

    return check


def component_port(end: str) -> str | None:
    """Return the error in an end of a conduit that must name a component and a port."""
    if _REFERENCE.fullmatch(end) and "." not in end:
        return f"has '{end}', which names no port. Write 'component.port'."
    return None


def environment(node: yaml.Node) -> Iterator[Problem]:
    """Accept the value of an environment variable."""
    if value_kind(node) not in _SCALARS:
        yield _unlike(node, "text", "Write, for example, 'env: {OMP_NUM_THREADS: 4}'.")


def port_names(node: yaml.Node) -> Iterator[Problem]:
    """Accept the names of ports, separated by spaces or in a list."""
    if isinstance(node, yaml.ScalarNode) and value_kind(node) is ValueKind.TEXT:
        if "," in node.value:
            names = " ".join(node.value.replace(",", " ").split())
            yield Problem(node, f"separates names with a comma. Write '{names}'.")
            return
        for word in str(node.value).split():
            if not IDENTIFIER.fullmatch(word):
                yield _bad_port(node, word)
        return
    advice = "Write, for example, 'o_i: [a, b]'."
    if value_kind(node) is ValueKind.LIST:
        for index, item in enumerate(node.value):
            if value_kind(item) is not ValueKind.TEXT:
                yield replace(_unlike(item, "the name of a port", advice), below=f"[{index}]")
            elif not IDENTIFIER.fullmatch(item.value):
                yield replace(_bad_port(item, item.value), below=f"[{index}]")
    elif value_kind(node) is not ValueKind.EMPTY:
        yield _unlike(node, "the names of ports", advice)


def _bad_port(node: yaml.Node, word: str) -> Problem:
    if word.endswith("[]"):
        return Problem(
            node,
            f"contains '{word}', but brackets are for programs only. Write '{word[:-2]}'; the port"
            " becomes a vector port by the 'multiplicity' of the component that it is connected"
            " to.",
        )
    return Problem(
        node,
        f"contains '{word}', which is not a valid name of a port. A name consists of letters,"
        f" digits and underscores, and does not start with a digit.{_fixed(word)}",
    )


def conduit_receiver(node: yaml.Node) -> Iterator[Problem]:
    """Accept `component.port`, after the names of filters."""
    if value_kind(node) is not ValueKind.TEXT:
        yield _unlike(node, "a port", "Write, for example, 'macro.out: micro.in'.")
        return
    *filters, end = str(node.value).split() or [""]
    yield from end_problems(node, end)
    known = [item.value for item in v0_2.ConduitFilter]
    for word in filters:
        if word not in known:
            yield Problem(node, f"has the unknown filter '{word}'.{hint(word, known)}")


def end_problems(node: yaml.Node, end: str) -> Iterator[Problem]:
    """Yield the problems of one end of a conduit, such as `macro.out`.

    Args:
        node: The node that contains it.
        end: The end.
    """
    if end.endswith("[]"):
        yield Problem(
            node,
            f"has brackets in '{end}'. Write '{end[:-2]}': each instance is connected by itself.",
        )
    elif "," in end:
        yield Problem(
            node, f"has a comma in '{end}'. Write '{end.replace(',', '.')}', or a list of ports."
        )
    elif not _REFERENCE.fullmatch(end):
        yield Problem(node, f"has '{end}', which is not a port. Write 'component.port'.")


def rule_times(node: yaml.Node) -> Iterator[Problem]:
    """Accept a number, or a list of numbers."""
    yield from either(number("at: [10, 20]"), "numbers", "at: [10, 20]")(node)


def import_statement(node: yaml.Node) -> Iterator[Problem]:
    """Accept a statement such as `from module import implementation name`."""
    example = "from module import implementation name"
    words = str(node.value).split() if value_kind(node) is ValueKind.TEXT else []
    if not words:
        yield _unlike(node, "an import", f"Write, for example, '{example}'.")
    elif len(words) != 5 or words[0] != "from" or words[2] != "import":
        fixed = ""
        if len(words) == 4 and words[0] == "from" and words[2] == "import":
            fixed = f" Write 'from {words[1]} import implementation {words[3]}'."
        advice = fixed or f" Write, for example, '{example}'."
        yield Problem(node, f"is not a valid import: {in_quotes(node)}.{advice}")
    elif words[3] != "implementation":
        yield Problem(
            node,
            f"imports a '{words[3]}', but only an 'implementation' can be imported: a program or a"
            f" model. Write 'from {words[1]} import implementation {words[4]}'.",
        )
    elif not _REFERENCE.fullmatch(words[1]) or not _REFERENCE.fullmatch(words[4]):
        yield Problem(
            node,
            f"has an invalid name: {in_quotes(node)}. Write the module without '.ymmsl' and with"
            f" dots instead of slashes, as in '{example}'.",
        )


def setting_type(node: yaml.Node) -> Iterator[Problem]:
    """Accept the type of a supported setting, such as `float`, or `[int]` and a description."""
    types = ("str", "int", "float", "bool", "[int]", "[float]", "[[float]]")
    kind = value_kind(node)
    if kind is ValueKind.MAPPING:
        return
    if kind is ValueKind.LIST:
        inner = node.value[0] if len(node.value) == 1 else None
        while isinstance(inner, yaml.SequenceNode) and len(inner.value) == 1:
            inner = inner.value[0]
        if isinstance(inner, yaml.ScalarNode) and inner.value.lower() in ("int", "float"):
            return
    word = str(node.value).split()[0] if isinstance(node, yaml.ScalarNode) and node.value else ""
    if kind is ValueKind.TEXT and word.lower() in types:
        return
    offer = hint(word, types) if word else ""
    known = f"Write one of {', '.join(types)}, and a description if you like."
    shown = offer.strip() if "mean" in offer else known
    yield _unlike(node, "the type of a setting", shown)
