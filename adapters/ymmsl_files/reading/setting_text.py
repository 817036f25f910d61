"""Reads a setting from a text such as `macro.dt=0.1`, with the types of yMMSL files."""

from __future__ import annotations

import yaml
import ymmsl
from ymmsl import v0_2

from adapters.ymmsl_files.yaml_limits import composed
from domain.coupling.settings import ALLOWED_VALUES, Settings, SettingValue
from domain.errors import ConfigurationError
from domain.identity import Reference


def read_setting(text: str, label: str) -> tuple[str, SettingValue]:
    """Return the name and the value of a setting.

    Args:
        text: The name, an equals sign, and the value as in a yMMSL file.
        label: What the text is called in messages.

    Raises:
        ConfigurationError: If it is not a name and a value.
    """
    name, separator, value = (part.strip() for part in text.partition("="))
    if not separator:
        msg = f"{label} '{text}': write a name and a value, as in {label} macro.dt=0.1."
        raise ConfigurationError(msg)
    try:
        Reference(name)
    except ValueError as error:
        raise ConfigurationError(f"{label} '{text}': {error}") from None
    found = _typed(value, label)
    if found is None:
        msg = (
            f"{label} '{text}': {ALLOWED_VALUES}. To pass the value as a string, quote it:"
            f" {label} '{name}=\"{value}\"'."
        )
        raise ConfigurationError(msg)
    return name, found


def _typed(value: str, label: str) -> SettingValue | None:
    try:
        node = composed(value, label)
    except yaml.YAMLError:
        return None
    # a comment after the value would be lost, and further lines could add other keys
    if node is None or node.end_mark.index != len(value) or "\n" in value:
        return None
    try:
        loaded = ymmsl.load(f"ymmsl_version: v0.2\nsettings:\n  value: {value}\n")
    except (RuntimeError, ValueError, TypeError):
        return None
    assert isinstance(loaded, v0_2.Configuration)
    return Settings(loaded.settings.as_ordered_dict())["value"]
