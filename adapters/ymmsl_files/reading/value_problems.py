"""Finds all invalid values in a file that ymmsl has rejected, with what to write instead.

ymmsl and yatiml stop at the first error, often without a line, and describe it in terms of their
own classes. This reads the YAML itself, by the table in `file_rules`. It is used only after ymmsl
has rejected a file, so what ymmsl accepts is never rejected here.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

import yaml

from adapters.ymmsl_files.reading import expectations as expect
from adapters.ymmsl_files.reading.expectations import Problem
from adapters.ymmsl_files.reading.file_rules import ROOTS, Rule
from adapters.ymmsl_files.reading.keys import PROGRAM_SECTIONS, keys_of, scalar_keyed, version_of
from adapters.ymmsl_files.reading.setting_values import setting_problems_in


def value_problems(
    tree: yaml.Node, label: str, *, with_unknown_keys: AbstractSet[str] = frozenset()
) -> list[str]:
    """Return the errors in the values of a document, each with its line and key.

    Args:
        tree: The YAML of the document.
        label: The document's name in messages.
        with_unknown_keys: The paths of mappings with unknown keys: what is missing there may be
            what these keys stand for.
    """
    root = ROOTS.get(version_of(tree) or "")
    if root is None:
        return []
    found = sorted(
        {
            (item.node.start_mark.line + 1, path, item.what)
            for path, item in _found(tree, root, "", tree)
            if not (item.may_follow and path in with_unknown_keys)
        }
    )
    return [f"{label}, line {line}: '{path}' {what}" for line, path, what in found]


def _found(node: yaml.Node, rule: Rule, path: str, at: yaml.Node) -> Iterator[tuple[str, Problem]]:
    """Yield the problems of a value and of what is in it.

    Args:
        node: The value.
        rule: What it may be.
        path: Its path in the document.
        at: Its key, which shows the line of what is wrong with the whole value.
    """
    problems = list(rule.check(node)) if path else []
    for problem in problems:
        yield path + problem.below, _on_line_of(at, node, problem)
    if any(item.is_wrong_kind and item.node is node for item in problems):
        return
    if isinstance(node, yaml.SequenceNode) and rule.each is not None:
        for index, item in enumerate(node.value):
            yield from _found(item, rule.each, f"{path}[{index}]", item)
    if not isinstance(node, yaml.MappingNode):
        return
    for key, example in rule.required.items():
        if key not in keys_of(node):
            what = f"has no '{key}'. Add, for example, '{example}'."
            yield path, Problem(at, what, may_follow=True)
    if path.startswith(PROGRAM_SECTIONS) and path.count(".") == 1:
        yield from ((path, _on_line_of(at, node, item)) for item in _program_problems(node))
    for key_node, value in scalar_keyed(node):
        key = str(key_node.value)
        below = f"{path}.{key}" if path else key
        yield from ((below, item) for item in _key_problems(path, key_node, value))
        inner = rule.inside.get(key, rule.each)
        if inner is not None:
            yield from _found(value, inner, below, key_node)


def _on_line_of(at: yaml.Node, node: yaml.Node, problem: Problem) -> Problem:
    return replace(problem, node=at) if problem.node is node else problem


def _key_problems(path: str, key_node: yaml.Node, value: yaml.Node) -> Iterator[Problem]:
    """Yield the problems of a key that is a name, and of the value of a setting."""
    key = str(key_node.value)
    section = path.rpartition(".")[2]
    if section == "conduits":
        yield from expect.end_problems(key_node, key)
        if path.startswith("model."):
            what = expect.component_port(key)
            yield from [] if what is None else [Problem(key_node, what)]
    elif path in _BY_NAME or (section in _NAMED_PARTS and path.count(".") in (1, 2)):
        yield from expect.name("my_name")(_as_text(key_node))
    if path == "settings":
        yield from setting_problems_in(key, value)


def _as_text(node: yaml.Node) -> yaml.ScalarNode:
    """Return a key as text, because a number is a name that is not valid, not another type."""
    return yaml.ScalarNode(node.tag, node.value, node.start_mark, node.end_mark, style="'")


def _program_problems(node: yaml.MappingNode) -> Iterator[Problem]:
    values = {str(key.value): value for key, value in scalar_keyed(node)}
    by_hand = str(getattr(values.get("execution_model"), "value", "")).lower() == "manual"
    if not values.keys() & {"executable", "script"} and not by_hand:
        what = (
            "has neither an 'executable' nor a 'script'. Add, for example, 'executable: python' and"
            " 'args: $YMMSL_DIR/model.py'."
        )
        yield Problem(node, what, may_follow=True)
    if "script" in values:
        beside = [key for key in _NOT_WITH_SCRIPT if key in values]
        if beside:
            listed = ", ".join(f"'{key}'" for key in beside)
            yield Problem(
                node,
                f"has a 'script', but also {listed}. Put what they do into the script, or remove"
                " the script.",
            )


_NOT_WITH_SCRIPT: Final = ("base_env", "modules", "virtual_env", "env", "executable", "args")
_BY_NAME: Final = frozenset(
    {
        "models",
        "programs",
        "implementations",
        "resources",
        "resume",
        "custom_implementations",
        "settings",
    }
)
_NAMED_PARTS: Final = frozenset({"components", "supported_settings"})
