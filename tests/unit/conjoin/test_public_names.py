"""The names that users import from `conjoin`, and the modules that these load."""

import importlib
import inspect

import pytest

import conjoin
import conjoin.configuration
import conjoin.errors
import conjoin.events
import conjoin.interfaces
import domain.errors
import domain.running.events
import entrypoints.instance
import entrypoints.manager
import entrypoints.options
from domain.version import VERSION
from tests.support.loaded_modules import loaded_by

ROOTS = {"domain", "application", "adapters", "entrypoints"}
NAMES_OF_A_MODEL = "Instance, InstanceFlags, Message, Grid, Operator, Settings"
SUBMODULES = ("configuration", "errors", "events", "interfaces")


def classes_of(module):
    classes = {name: value for name, value in vars(module).items() if inspect.isclass(value)}
    return {
        name
        for name, value in classes.items()
        if value.__module__ == module.__name__ and name[0] != "_"
    }


@pytest.mark.parametrize("name", entrypoints.instance.__all__)
def test_names_for_models_are_those_of_entrypoints_instance(name):
    assert getattr(conjoin, name) is getattr(entrypoints.instance, name)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (module, name)
        for module in (entrypoints.manager, entrypoints.options)
        for name in module.__all__
    ],
    ids=str,
)
def test_names_for_embedding_are_those_of_entrypoints(module, name):
    assert getattr(conjoin, name) is getattr(module, name)


def test_every_public_name_exists_and_is_listed():
    assert [name for name in conjoin.__all__ if not hasattr(conjoin, name)] == []
    assert set(conjoin.__all__) <= set(dir(conjoin))


def test_version_is_that_of_the_domain():
    assert conjoin.__version__ == VERSION


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'conjoin' has no attribute 'Instanz'"):
        conjoin.Instanz  # noqa: B018


@pytest.mark.parametrize("name", SUBMODULES)
def test_all_names_of_a_submodule_exist(name):
    module = importlib.import_module(f"conjoin.{name}")
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_all_errors_are_public():
    assert set(conjoin.errors.__all__) == classes_of(domain.errors)


def test_all_events_are_public():
    assert classes_of(domain.running.events) <= set(conjoin.events.__all__)
    assert conjoin.events.RunEvent is domain.running.events.RunEvent


def test_import_of_conjoin_loads_no_import_root():
    loaded = loaded_by("import conjoin")
    assert not {name.partition(".")[0] for name in loaded} & ROOTS


def test_names_for_models_load_what_entrypoints_instance_loads():
    loaded = loaded_by(f"from conjoin import {NAMES_OF_A_MODEL}, run_simulation")
    added = loaded - loaded_by("import entrypoints.instance")
    assert added == {"conjoin", "conjoin._installation"}


def test_errors_and_events_load_the_domain_only():
    loaded = loaded_by("import conjoin.errors, conjoin.events")
    assert {name.partition(".")[0] for name in loaded} & ROOTS == {"domain"}


def test_manager_is_loaded_when_it_is_used():
    manager = "entrypoints._manager.manager_api"
    assert manager not in loaded_by("import conjoin; conjoin.Instance")
    assert manager in loaded_by("import conjoin; conjoin.Manager")
