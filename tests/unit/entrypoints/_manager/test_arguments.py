"""The types of the arguments of a Manager are checked."""

import pytest

from domain.coupling.settings import Settings
from domain.errors import ConfigurationError, UsageError
from entrypoints._manager.arguments import checked_adapters, checked_options, checked_settings
from entrypoints.options import Adapters, ManagerOptions


def test_missing_arguments_have_defaults():
    assert isinstance(checked_options(None), ManagerOptions)
    assert checked_settings(None) == Settings()
    assert checked_adapters(None) == Adapters()


def test_arguments_of_the_right_types_are_accepted():
    options, adapters = ManagerOptions(), Adapters()
    assert checked_options(options) is options
    assert checked_adapters(adapters) is adapters
    assert checked_settings({"macro.dt": 0.1}) == Settings({"macro.dt": 0.1})
    assert checked_settings(Settings({"x": [1]})) == Settings({"x": [1]})


def test_options_that_are_a_dict_are_rejected_by_name():
    with pytest.raises(UsageError, match=r"takes conjoin\.ManagerOptions.*got a dict.*settings="):
        checked_options({"macro.dt": 0.1})


@pytest.mark.parametrize("settings", [["dt"], "dt=0.1", 3])
def test_settings_that_are_not_a_mapping_are_rejected_with_an_example(settings):
    with pytest.raises(UsageError, match=r"Manager\(settings=\{'macro\.dt': 0\.1\}\)"):
        checked_settings(settings)


def test_invalid_setting_name_is_rejected():
    with pytest.raises(ConfigurationError, match="'a b' cannot be the name of a setting"):
        checked_settings({"a b": 1})


def test_adapters_of_another_type_are_rejected():
    with pytest.raises(UsageError, match="takes conjoin"):
        checked_adapters({})
