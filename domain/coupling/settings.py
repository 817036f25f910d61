"""Settings, how an instance looks one up, and overlays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import TypeAlias

from domain.errors import ConfigurationError, SettingMismatch, SettingMissing
from domain.identity import Reference

SettingValue: TypeAlias = str | int | float | bool | list[int] | list[float] | list[list[float]]

MAX_SETTING_DEPTH = 2
ALLOWED_VALUES = (
    "a setting is a text, a number, true or false, or a list of numbers or of such lists"
)
SETTING_TYPES = ("str", "int", "float", "bool", "[int]", "[float]", "[[float]]")


class Settings(MutableMapping[Reference, SettingValue]):
    """Values by name; a name is a reference, and may be given as its text.

    Args:
        values: Values to start from.

    Example:
        >>> settings = Settings({"micro.dt": 0.1})
        >>> settings["micro.dt"]
        0.1
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, SettingValue] | None = None) -> None:
        self._values: dict[str, SettingValue] = {}
        for name, value in (values or {}).items():
            self[str(name)] = value

    def __getitem__(self, name: str | Reference) -> SettingValue:
        return self._values[str(name)]

    def __setitem__(self, name: str | Reference, value: SettingValue) -> None:
        key = name if isinstance(name, Reference) else Reference(name)
        self._values[str(key)] = value

    def __delitem__(self, name: str | Reference) -> None:
        del self._values[str(name)]

    def __contains__(self, name: object) -> bool:
        return str(name) in self._values

    def __iter__(self) -> Iterator[Reference]:
        return (Reference(name) for name in self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __bool__(self) -> bool:
        return bool(self._values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Settings):
            return NotImplemented
        return self._values == other._values

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Settings({self._values!r})"

    def copy(self) -> Settings:
        """Return settings of their own with the same values."""
        result = Settings()
        result._values = dict(self._values)
        return result

    def updated_with(self, overlay: Settings) -> Settings:
        """Return these settings with those of the overlay put over them."""
        result = self.copy()
        result._values.update(overlay._values)
        return result

    def as_dict(self) -> dict[str, SettingValue]:
        """Return the values by the texts of their names."""
        return dict(self._values)


def names_to_try(instance: Reference, name: str) -> tuple[str, ...]:
    """Return under which names an instance's setting may stand, the first match wins.

    Example:
        >>> names_to_try(Reference("a.b[3]"), "s")
        ('a.b[3].s', 'a.b.s', 'a.s', 's')
    """
    tried = [str(instance[:length] + Reference(name)) for length in range(len(instance), 0, -1)]
    return (*tried, name)


def find_setting(instance: Reference, name: str, overlay: Settings, base: Settings) -> SettingValue:
    """Return the value of a setting as seen by an instance.

    Each level of the name is looked up in the overlay, then in the base settings.

    Raises:
        SettingMissing: If it stands nowhere.
    """
    tried = names_to_try(instance, name)
    for candidate in tried:
        for settings in (overlay, base):
            if candidate in settings:
                return settings[candidate]
    raise SettingMissing(name, tried)


def visible_names(instance: Reference, overlay: Settings, base: Settings) -> list[str]:
    """Return the sorted names that an instance can ask for.

    These are the names of one part, and those that start with the full name of the instance,
    without it.
    """
    names = set()
    for reference in (*overlay, *base):
        if len(reference) == 1:
            names.add(str(reference))
            continue
        rest = reference.parts[len(instance) :] if reference.starts_with(instance) else ()
        # what begins with an index is another instance's
        if rest and isinstance(rest[0], str):
            names.add(str(Reference(rest)))
    return sorted(names)


def checked_value(name: str, value: SettingValue, typ: str) -> SettingValue:
    """Return the value as the type that was asked for.

    An int is fine where a float is wanted, and becomes one; True is no int.

    Args:
        name: For the error's text.
        value: The value found.
        typ: One of SETTING_TYPES.

    Raises:
        ValueError: If there is no such type.
        SettingMismatch: If the value is of another type.
    """
    if typ not in SETTING_TYPES:
        msg = f"There is no setting type '{typ}'. Use one of {', '.join(SETTING_TYPES)}."
        raise ValueError(msg)
    converted = _converted(value, typ)
    if converted is None:
        raise SettingMismatch(name, value, typ)
    return converted


def _converted(value: object, typ: str) -> SettingValue | None:
    if typ.startswith("["):
        if not isinstance(value, list):
            return None
        items = [_converted(item, typ[1:-1]) for item in value]
        return None if any(item is None for item in items) else items  # type: ignore[return-value]
    if typ == "bool":
        return value if isinstance(value, bool) else None
    if typ == "str":
        return value if isinstance(value, str) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if typ == "float":
        return float(value)
    return value if isinstance(value, int) else None


def plain_settings(settings: Settings) -> Settings:
    """Return settings with Python's own values, as they can stand in a file.

    Those of numpy, tuples, and kinds of numbers and texts, such as members of an IntEnum, become
    what they stand for.

    Raises:
        ConfigurationError: If some have values that no setting can have; the text names them.
    """
    plain = Settings()
    problems = []
    for name, value in settings.items():
        plain[name] = _plain_value(value)
        if not _is_possible(plain[name]):
            problems.append(
                f"Setting '{name}' has value {value!r}, which is a {type(value).__name__}, but"
                f" {ALLOWED_VALUES}."
            )
        elif not _has_64_bits(plain[name]):
            problems.append(f"Setting '{name}' has value {value!r}, but integers have 64 bits.")
    if problems:
        raise ConfigurationError(*problems)
    return plain


def _plain_value(value: object) -> SettingValue:
    if isinstance(value, bool):
        return value
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, str):
        return str.__str__(value)
    if hasattr(value, "tolist"):  # numpy's numbers and arrays
        plain = value.tolist()
        if not hasattr(plain, "tolist"):
            return _plain_value(plain)
    if isinstance(value, (list, tuple)):
        return [_plain_value(item) for item in value]  # type: ignore[return-value]
    return value  # type: ignore[return-value] # it is looked at next


def _is_possible(value: object, depth: int = 0) -> bool:
    if isinstance(value, list) and depth < MAX_SETTING_DEPTH:
        return all(_is_possible(item, depth + 1) for item in value)
    return isinstance(value, (str, int, float))


def _has_64_bits(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_has_64_bits, value))
    return not isinstance(value, int) or -(2**63) <= value < 2**64


def settings_of(value: object) -> Settings | None:
    """Return our own settings for any object that stands for settings, None for other objects.

    The ymmsl library's own Settings do: they give their values by name as `as_ordered_dict`.
    """
    if isinstance(value, Settings):
        return value
    as_dict = getattr(value, "as_ordered_dict", None)
    return None if as_dict is None else Settings(as_dict())
