"""Checks the types of the arguments of a Manager."""

from __future__ import annotations

from collections.abc import Mapping

from domain.coupling.settings import Settings
from domain.errors import ConfigurationError, UsageError
from entrypoints.options import Adapters, ManagerOptions


def checked_options(options: object) -> ManagerOptions:
    """Return the options; the default ones for None.

    Raises:
        UsageError: If they are not ManagerOptions.
    """
    if options is None:
        return ManagerOptions()
    if not isinstance(options, ManagerOptions):
        advice = "For settings of the model, write Manager(settings={...})."
        raise _wrong_type("options", options, "conjoin.ManagerOptions(...)", advice)
    return options


def checked_settings(settings: object) -> Settings:
    """Return the settings; empty ones for None.

    Raises:
        ConfigurationError: If a name is not valid for a setting.
        UsageError: If they are not a mapping.
    """
    if settings is None:
        return Settings()
    if not isinstance(settings, Mapping):
        advice = "Write e.g. Manager(settings={'macro.dt': 0.1})."
        raise _wrong_type("settings", settings, "a dict of values by name", advice)
    checked = Settings()
    for name, value in settings.items():
        try:
            checked[str(name)] = value
        except ValueError as error:
            msg = f"Manager(settings=...): '{name}' cannot be the name of a setting: {error}"
            raise ConfigurationError(msg) from None
    return checked


def checked_adapters(adapters: object) -> Adapters:
    """Return the adapters; the manager's own for None.

    Raises:
        UsageError: If they are not Adapters.
    """
    if adapters is None:
        return Adapters()
    if not isinstance(adapters, Adapters):
        advice = "Write Manager(..., adapters=Adapters(launcher=...))"
        raise _wrong_type("adapters", adapters, "conjoin.Adapters(...)", advice)
    return adapters


def _wrong_type(argument: str, value: object, wanted: str, advice: str) -> UsageError:
    found = type(value).__name__
    return UsageError(f"Manager({argument}=...) takes {wanted}, but got a {found}. {advice}")
