"""Settings and overlays, and how an instance looks up a setting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Final, Literal, TypeAlias

from domain.errors import ConfigurationError, SettingMismatch, SettingMissing
from domain.identity import Reference

Ints: TypeAlias = list[int]
Floats: TypeAlias = list[float]
FloatTable: TypeAlias = list[list[float]]
SettingValue: TypeAlias = str | int | float | bool | Ints | Floats | FloatTable

MAX_SETTING_DEPTH = 2
ALLOWED_VALUES = (
    "a setting is a string, a number, true or false, or a list of numbers or of such lists"
)
SETTING_TYPES = ("str", "int", "float", "bool", "[int]", "[float]", "[[float]]")

BoolType: TypeAlias = Literal["bool"] | type[bool]
IntType: TypeAlias = Literal["int"] | type[int]
FloatType: TypeAlias = Literal["float"] | type[float]
StrType: TypeAlias = Literal["str"] | type[str]
IntsType: TypeAlias = Literal["[int]"] | type[Ints]
FloatsType: TypeAlias = Literal["[float]"] | type[Floats]
FloatTableType: TypeAlias = Literal["[[float]]"] | type[FloatTable]

_NAMES_OF_TYPES: Final[Mapping[object, str]] = {
    str: "str",
    int: "int",
    float: "float",
    bool: "bool",
    list[int]: "[int]",
    list[float]: "[float]",
    list[list[float]]: "[[float]]",
}


def setting_type(typ: object) -> str:
    """Return the name of a type of settings.

    Args:
        typ: One of SETTING_TYPES, or the type itself, such as `float` or `list[float]`.

    Raises:
        ValueError: If settings cannot have it.

    Example:
        >>> setting_type(list[float])
        '[float]'
    """
    if typ in SETTING_TYPES:
        return str(typ)
    for known, name in _NAMES_OF_TYPES.items():
        if typ == known:
            return name
    shown = typ.__name__ if type(typ) is type else typ
    msg = f"There is no setting type '{shown}'. Use one of {', '.join(SETTING_TYPES)}."
    raise ValueError(msg)


class Settings(MutableMapping[Reference, SettingValue]):
    """Values by name; a name is a Reference, or its string form.

    Args:
        values: Initial values.

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
        """Return an independent copy."""
        result = Settings()
        result._values = dict(self._values)
        return result

    def updated_with(self, overlay: Settings) -> Settings:
        """Return a copy in which the overlay's settings replace or extend these."""
        result = self.copy()
        result._values.update(overlay._values)
        return result

    def as_dict(self) -> dict[str, SettingValue]:
        """Return the values by name, with names as text."""
        return dict(self._values)


def names_to_try(instance: Reference, name: str) -> tuple[str, ...]:
    """Return the names under which to look for an instance's setting; the first match wins.

    Example:
        >>> names_to_try(Reference("a.b[3]"), "s")
        ('a.b[3].s', 'a.b.s', 'a.s', 's')
    """
    tried = [str(instance[:length] + Reference(name)) for length in range(len(instance), 0, -1)]
    return (*tried, name)


def find_setting(instance: Reference, name: str, overlay: Settings, base: Settings) -> SettingValue:
    """Return the value of a setting for an instance.

    Each level of the name is looked up in the overlay, then in the base settings.

    Raises:
        SettingMissing: If the setting is not found.
    """
    tried = names_to_try(instance, name)
    for candidate in tried:
        for settings in (overlay, base):
            if candidate in settings:
                return settings[candidate]
    raise SettingMissing(name, tried)


def visible_names(instance: Reference, overlay: Settings, base: Settings) -> list[str]:
    """Return the sorted names under which an instance finds settings, one for each setting.

    The longest prefix that is common with the name of the instance is removed. Settings of other
    instances of the same component are left out.

    Example:
        >>> base = Settings({"a.x": 1, "a[2].y": 2, "b.z": 3})
        >>> visible_names(Reference("a[1]"), Settings(), base)
        ['b.z', 'x']
    """
    own = instance.parts
    names = set()
    for reference in (*overlay, *base):
        parts = reference.parts
        length = 0
        # one part is left: a setting can have the same name as a component
        while length < min(len(own), len(parts) - 1) and own[length] == parts[length]:
            length += 1
        rest = parts[length:]
        # a remainder that begins with an index belongs to another instance
        if isinstance(rest[0], str):
            names.add(str(Reference(rest)))
    return sorted(names)


def checked_value(name: str, value: SettingValue, typ: str) -> SettingValue:
    """Check that a value has the requested type, and return it.

    An int is converted if a float is requested. A bool does not count as an int.

    Args:
        name: Name of the setting, for the error message.
        value: The value found.
        typ: One of SETTING_TYPES.

    Raises:
        ValueError: If there is no such type.
        SettingMismatch: If the value is of another type.
    """
    converted = _converted(value, setting_type(typ))
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
    """Convert all values to plain Python types that can be written to a file.

    This converts numpy numbers and arrays, tuples, and subclasses of number and text types, such
    as members of an IntEnum.

    Raises:
        ConfigurationError: If some values are not valid for a setting; the message names them.
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
    return value  # type: ignore[return-value] # checked next


def _is_possible(value: object, depth: int = 0) -> bool:
    if isinstance(value, list) and depth < MAX_SETTING_DEPTH:
        return all(_is_possible(item, depth + 1) for item in value)
    return isinstance(value, (str, int, float))


def _has_64_bits(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_has_64_bits, value))
    return not isinstance(value, int) or -(2**63) <= value < 2**64


def settings_of(value: object) -> Settings | None:
    """Convert a settings object of any library to Settings; return None for other objects.

    This includes the ymmsl library's Settings, which return their values by `as_ordered_dict`.
    """
    if isinstance(value, Settings):
        return value
    as_dict = getattr(value, "as_ordered_dict", None)
    return None if as_dict is None else Settings(as_dict())
