import logging

import pytest

from domain.running.log_levels import LogLevel, level_name


@pytest.mark.parametrize("name", ["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"])
def test_log_levels_have_the_numbers_of_python(name: str) -> None:
    assert LogLevel[name] == getattr(logging, name)


def test_log_level_without_a_name_gets_the_default() -> None:
    assert level_name(40, default=LogLevel.INFO) == "ERROR"
    assert level_name(12345, default=LogLevel.INFO) == "INFO"
