"""Uids of stored values."""

import pytest

from domain.runtime.payloads import EngineValue
from domain.runtime.stored_uids import stored_by, value_of, value_uid


@pytest.mark.parametrize("key", ["a", "worker:0:1@3fa9c2d1/7"])
def test_value_is_found_by_its_uid(key):
    value = EngineValue(key, 12)
    assert value_of(value_uid(value)) == value


@pytest.mark.parametrize("uid", ["", "value", "value:12", "value::key", "value:x:key", "task:1:2"])
def test_other_uid_is_a_key_error(uid):
    with pytest.raises(KeyError):
        value_of(uid)


@pytest.mark.parametrize(("key", "uid"), [("worker:0:1@1f/7", "worker:0:1@1f"), ("opaque", "")])
def test_creator_of_a_value_is_in_its_key(key, uid):
    assert stored_by(EngineValue(key, 1)) == uid
