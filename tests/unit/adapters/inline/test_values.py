"""Stored values of the engine `inline`."""

import pytest

from adapters.inline.values import InlineValues
from domain.runtime.errors import ValueLost
from domain.runtime.payloads import Payload


@pytest.fixture
def values():
    return InlineValues()


def test_later_changes_of_a_buffer_do_not_change_the_value(values):
    buffer = bytearray(b"before")
    value = values.put("head", Payload(b"", (buffer,)))
    buffer[:] = b"after!"
    assert values.get(value).buffers == (b"before",)


def test_value_is_kept_while_any_host_retains_it(values):
    value = values.put("head", Payload(b"data"))
    values.retain("worker", value)
    values.release("head", value)
    assert values.get(value).data == b"data"
    values.release("worker", value)
    with pytest.raises(ValueLost):
        values.get(value)


def test_release_by_a_host_that_does_not_retain_it_is_ignored(values):
    value = values.put("head", Payload(b"data"))
    values.release("worker", value)
    assert values.get(value).data == b"data"


def test_lost_host_retains_nothing(values):
    value = values.put("worker", Payload(b"data"))
    values.remove_holder("worker")
    with pytest.raises(ValueLost):
        values.get(value)


def test_stored_bytes_are_counted_for_the_host_that_stored_them(values):
    values.put("worker:0:0@1", Payload(b"data", (b"more",)))
    assert values.stored("worker:0:0@1") == 8
    assert values.stored("head") == 0
