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
        msg = (
            f"Manager(options=...) takes conjoin.ManagerOptions(...), but got a"
            f" {type(options).__name__}. For settings of the model, write"
            " Manager(settings={...})."
        )
        raise UsageError(msg)
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
        msg = (
            f"Manager(settings=...) takes a dict of values by name, but got a"
            f" {type(settings).__name__}. Write e.g. Manager(settings={{'macro.dt': 0.1}})."
        )
        raise UsageError(msg)
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
        msg = (
            f"Manager(adapters=...) takes conjoin.Adapters(...), but got a"
            f" {type(adapters).__name__}. Write Manager(..., adapters=Adapters(launcher=...))"
        )
        raise UsageError(msg)
    return adapters
