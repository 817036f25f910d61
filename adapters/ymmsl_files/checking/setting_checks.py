"""Checks whether settings belong to existing components, and have supported types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from ymmsl import v0_2

from adapters.ymmsl_files.flattening.expansion import Expansion
from adapters.ymmsl_files.reading.documents import Document
from adapters.ymmsl_files.reading.setting_values import settings_in
from domain.coupling.settings import Settings, checked_value
from domain.errors import SettingMismatch
from domain.identity import Reference
from domain.model.configuration import Component, Model
from domain.suggestions import hint

Owner: TypeAlias = tuple[Reference, v0_2.Implementation]
"""The path of a component, and the program or model that implements it."""


def setting_places(documents: Iterable[Document]) -> dict[str, str]:
    """Return the file and line of each setting, as the beginning of a message.

    Args:
        documents: The user's documents; later ones override earlier ones.
    """
    return {
        key: f"{item.label}, line {node.start_mark.line + 1}: "
        for item in documents
        if item.tree is not None
        for key, node in settings_in(item.tree)
    }


def setting_warnings(
    settings: Settings, model: Model, whole: v0_2.Configuration, expansion: Expansion
) -> list[tuple[Reference, str]]:
    """Return a warning for each setting that no component seems to use.

    Args:
        settings: The base settings.
        model: The flat model.
        whole: The configuration before flattening.
        expansion: Its model, expanded.
    """
    owners = _owners(whole, expansion)
    found = ((name, _misnamed(name, model) if len(name) > 1 else None) for name in settings)
    return [
        (name, warning)
        for name, misnamed in found
        if (warning := misnamed or _unsupported(name, model, owners))
    ]


def setting_problems(
    settings: Settings, whole: v0_2.Configuration, expansion: Expansion
) -> list[tuple[Reference, str]]:
    """Return an error for each setting whose type differs from the one an implementation declares.

    Args:
        settings: The base settings.
        whole: The configuration before flattening.
        expansion: Its model, expanded.
    """
    return [
        item
        for path, owner in _owners(whole, expansion)
        for item in _mismatches(settings, path, owner)
    ]


def _owners(whole: v0_2.Configuration, expansion: Expansion) -> list[Owner]:
    owners: list[Owner] = [
        (leaf.path, program)
        for leaf in expansion.leaves.values()
        if (program := whole.programs.get(v0_2.Reference(str(leaf.program))))
    ]
    return [*owners, *((inner.path, inner.model) for inner in expansion.inner.values())]


def _unsupported(name: Reference, model: Model, owners: Sequence[Owner]) -> str | None:
    """Return a warning about a setting that no component that it is for supports, or None.

    A component whose implementation does not declare its settings may use any.
    """
    around = [path for path, _ in owners if name.starts_with(path)]
    path = max(around, key=len, default=Reference(()))
    rest = name[len(path) + len(_indices_after(name, len(path))) :]
    using = [owner for own, owner in owners if own.starts_with(path)]
    programs = [item for item in model.components if item.starts_with(path)]
    declared = [[str(key) for key, _ in item.supported_settings or ()] for item in using]
    is_known = len(programs) <= sum(isinstance(item, v0_2.Program) for item in using)
    relevant = [
        names
        for item, names in zip(using, declared, strict=True)
        if names or isinstance(item, v0_2.Program)
    ]
    known = {key for names in relevant for key in names}
    is_own = not len(rest) or str(rest[-1]).startswith("muscle_")
    if is_own or not is_known or not all(relevant) or not known or str(rest[0]) in known:
        return None
    whose = f"'{path}'" if len(path) else "any component"
    return f"Setting '{name}' is not among the 'supported_settings' of {whose}.{hint(rest, known)}"


def _misnamed(name: Reference, model: Model) -> str | None:
    """Return a warning about a name `path.setting` or `path[index].setting`, or None.

    The path may also be that of a group of components, and the setting's own name may have several
    parts.
    """
    path = _leading_names(name[:-1])
    components = model.components
    if not any(item.starts_with(path) or path.starts_with(item) for item in components):
        known = {str(item[:end]) for item in components for end in range(1, len(item) + 1)}
        return (
            f"Setting '{name}' is for '{path}', but no component has that name.{hint(path, known)}"
        )
    index = _indices_after(name, len(path))
    if index and path not in components:
        return (
            f"Setting '{name}' has an index after '{path}', which is not a component. Put the"
            " index after the full name of a component."
        )
    if index and not _is_in_range(index, components[path]):
        return (
            f"Setting '{name}' is for an instance that does not exist: '{path}' has multiplicity"
            f" {list(components[path].multiplicity)}."
        )
    return None


def _leading_names(reference: Reference) -> Reference:
    for position, part in enumerate(reference):
        if isinstance(part, int):
            return reference[:position]
    return reference


def _indices_after(name: Reference, position: int) -> tuple[int, ...]:
    result = []
    for part in name.parts[position:]:
        if not isinstance(part, int):
            break
        result.append(part)
    return tuple(result)


def _is_in_range(index: tuple[int, ...], component: Component) -> bool:
    shape = component.multiplicity
    return len(index) <= len(shape) and all(
        number < size for number, size in zip(index, shape, strict=False)
    )


def _mismatches(
    settings: Settings, path: Reference, owner: v0_2.Implementation
) -> Iterator[tuple[Reference, str]]:
    for name, supported in owner.supported_settings or ():
        for key in _keys_for(settings, path, Reference(str(name))):
            try:
                checked_value(str(key), settings[key], supported.typ.value)
            except SettingMismatch as error:
                text = (
                    f"Setting '{key}' has value {settings[key]!r}, but '{owner.name}', which"
                    f" implements '{path}', declares '{name}' as {supported.typ.value}."
                )
                yield key, f"{text} Write {error.instead}." if error.instead else text


def _keys_for(settings: Settings, path: Reference, name: Reference) -> Iterator[Reference]:
    """Yield the names under which a component, or a single instance of it, finds a setting."""
    for end in range(len(path), -1, -1):
        key = path[:end] + name
        if key in settings:
            yield key
            break
    yield from (key for key in settings if _is_for_one_instance(key, path, name))


def _is_for_one_instance(key: Reference, path: Reference, name: Reference) -> bool:
    index = _indices_after(key, len(path)) if key.starts_with(path) else ()
    return bool(index) and key[len(path) + len(index) :] == name
