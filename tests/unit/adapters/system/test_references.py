"""Whether the code of a thread refers to an object."""

import sys
from types import SimpleNamespace

import pytest

from adapters.system.references import refers_to

WANTED = SimpleNamespace()
HOLDER = SimpleNamespace(instance=WANTED)
COUNT = 1


def frame():
    """Return the caller's frame."""
    return sys._getframe(1)


def use_global():
    return frame(), lambda: WANTED


def use_attribute():
    return frame(), lambda: HOLDER.instance


def use_function_of_function():
    def inner():
        return use_global()

    return frame(), inner


def use_local():
    instance = SimpleNamespace(here=WANTED)
    return frame(), instance


def use_something_else():
    return frame(), lambda: COUNT


def is_wanted(value: object) -> bool:
    return value is WANTED


@pytest.mark.parametrize("use", [use_global, use_attribute, use_function_of_function, use_local])
def test_reference_in_code_or_variables_is_found(use):
    found, _ = use()
    assert refers_to(found, is_wanted)


def test_code_without_the_reference_is_recognised():
    found, _ = use_something_else()
    only_this = SimpleNamespace(
        f_globals=found.f_globals, f_code=found.f_code, f_locals=found.f_locals, f_back=None
    )
    assert not refers_to(only_this, is_wanted)


def test_thread_without_a_frame_refers_to_nothing():
    assert not refers_to(None, is_wanted)
