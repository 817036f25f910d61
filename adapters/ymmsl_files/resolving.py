"""Imports and custom implementations are resolved, and the model to run is picked."""

from __future__ import annotations

import warnings

from ymmsl import v0_2

from adapters.ymmsl_files.merging import is_chatter
from adapters.ymmsl_files.suggestions import hint
from domain.errors import ConfigurationError


def resolved(configuration: v0_2.Configuration, odd: list[str]) -> v0_2.Configuration:
    """Return a configuration with its imports taken in and its custom implementations applied.

    Args:
        configuration: The merged configuration; it is changed, and broken by an error.
        odd: What is odd but not wrong is added to this.

    Raises:
        ConfigurationError: If an import is not found, or a custom implementation fits nowhere.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            v0_2.resolve(v0_2.Reference([]), configuration, reuse_cached_imports=False)
        except (RuntimeError, TypeError, ValueError, KeyError) as error:
            raise ConfigurationError(_tidy(str(error))) from None
    odd += [
        text for text in dict.fromkeys(str(item.message) for item in caught) if not is_chatter(text)
    ]
    return configuration


def root_model(configuration: v0_2.Configuration, wanted: str | None) -> v0_2.Model:
    """Return the model to run.

    Args:
        configuration: The resolved configuration.
        wanted: Name of the model to run; None if there should be only one.

    Raises:
        ConfigurationError: If there is none, or none of that name, or more than one.
    """
    roots = _roots(configuration)
    names = [str(item.name) for item in roots]
    if not roots:
        raise ConfigurationError(
            "There is no model to run. Add 'models' (v0.2) or 'model' (v0.1) to a file, or give a"
            " further file that has it."
        )
    if wanted is not None:
        chosen = [item for item in roots if wanted in (str(item.name), str(item.name[-1]))]
        if len(chosen) != 1:
            raise ConfigurationError(f"There is no model '{wanted}' to run.{hint(wanted, names)}")
        return chosen[0]
    if len(roots) > 1:
        raise ConfigurationError(
            f"There are {len(roots)} models that could be run: {', '.join(names)}. Say which with"
            " '-m MODEL', or use one as the implementation of a component of another."
        )
    return roots[0]


def _roots(configuration: v0_2.Configuration) -> list[v0_2.Model]:
    used = {
        component.implementation
        for model in configuration.models.values()
        for component in model.components.values()
    }
    return [model for name, model in configuration.models.items() if name not in used]


def _tidy(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())
