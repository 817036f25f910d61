"""Checks whether settings belong to existing components, and have supported types."""

from __future__ import annotations

from collections.abc import Iterator

from ymmsl import v0_2

from adapters.ymmsl_files.flattening.expansion import Expansion
from domain.coupling.settings import Settings, checked_value
from domain.errors import SettingMismatch
from domain.identity import Reference
from domain.model.configuration import Component, Model
from domain.suggestions import hint


def setting_warnings(settings: Settings, model: Model) -> list[str]:
    """Return a warning for each setting whose prefix does not match a component or instance.

    Args:
        settings: The base settings.
        model: The flat model.
    """
    found = (_oddity(name, model) for name in settings if len(name) > 1)
    return [text for text in found if text]


def setting_problems(
    settings: Settings, whole: v0_2.Configuration, expansion: Expansion
) -> list[str]:
    """Return an error for each setting whose type differs from the one an implementation declares.

    Args:
        settings: The base settings.
        whole: The configuration before flattening.
        expansion: Its model, expanded.
    """
    owners: list[tuple[Reference, v0_2.Implementation]] = [
        (leaf.path, program)
        for leaf in expansion.leaves.values()
        if (program := whole.programs.get(v0_2.Reference(str(leaf.program))))
    ]
    owners += [(inner.path, inner.model) for inner in expansion.inner.values()]
    return [text for path, owner in owners for text in _mismatches(settings, path, owner)]


def _oddity(name: Reference, model: Model) -> str | None:
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


def _mismatches(settings: Settings, path: Reference, owner: v0_2.Implementation) -> Iterator[str]:
    for name, supported in owner.supported_settings or ():
        for key in _keys_for(settings, path, Reference(str(name))):
            try:
                checked_value(str(key), settings[key], supported.typ.value)
            except SettingMismatch:
                yield (
                    f"Setting '{key}' has value {settings[key]!r}, but '{owner.name}', which"
                    f" implements '{path}', declares '{name}' as {supported.typ.value}."
                )


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
