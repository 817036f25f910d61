"""Pickles with proxies in them."""

from dataclasses import dataclass

import pytest

from domain.runtime.errors import Unpicklable
from domain.runtime.payloads import EngineValue
from domain.runtime.task_errors import RemoteError, SerialisationError
from tests.support.runtime_links import Parts


@dataclass(frozen=True)
class Handle:
    """Replaces a proxy."""

    uid: str
    value: EngineValue | None = None


class Proxy:
    """A proxy."""

    def __init__(self, uid, value=None):
        self.uid = uid
        self.value = value


@pytest.fixture
def packing():
    packing = Parts().packing
    packing.add(
        Proxy,
        lambda proxy: Handle(proxy.uid, proxy.value),
        Handle,
        lambda handle: Proxy(handle.uid, handle.value),
    )
    return packing


def test_proxies_are_replaced_and_restored(packing):
    proxy = Proxy("a")
    parcel = packing.pack({"nested": [proxy, 1]}, name="value")
    assert parcel.kept == [proxy]
    assert parcel.values == []
    restored, number = packing.unpack(parcel.payload)["nested"]
    assert (type(restored), restored.uid, number) == (Proxy, "a", 1)


def test_stored_values_of_handles_are_listed(packing):
    value = EngineValue("head/1", 10)
    assert packing.pack([Proxy("a", value), Proxy("b")], name="value").values == [value]


def test_object_that_cannot_be_pickled_is_named(packing):
    with pytest.raises(SerialisationError, match=r"^value\[0\] cannot be pickled"):
        packing.pack([(item for item in ())], name="value")


def test_message_of_an_object_that_cannot_be_pickled_can_be_chosen(packing):
    def message(error):
        assert isinstance(error, Unpicklable)
        return f"not {error.path}"

    with pytest.raises(SerialisationError, match=r"^not value\[0\]$"):
        packing.pack([(item for item in ())], name="value", message=message)


def test_error_is_restored_with_its_type(packing):
    error = packing.unpack_error(packing.pack_error(ValueError("no")))
    assert (type(error), str(error)) == (ValueError, "no")


def test_exit_of_a_method_does_not_end_this_process(packing):
    error = packing.unpack_error(packing.pack_error(SystemExit(3)))
    assert isinstance(error, RemoteError)
    assert error.type_name == "SystemExit"


def test_error_that_cannot_be_pickled_is_replaced(packing):
    class WithGenerator(Exception):
        pass

    raised = WithGenerator("text", (item for item in ()))
    error = packing.unpack_error(packing.pack_error(raised))
    assert isinstance(error, RemoteError)
    assert error.type_name == "WithGenerator"
