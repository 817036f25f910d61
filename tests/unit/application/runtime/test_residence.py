"""Resident objects under the names of the original."""

import asyncio
from types import SimpleNamespace

import pytest

from application.runtime.housekeeping import Housekeeping
from application.runtime.residence import Residence
from application.runtime.residents import Residents
from tests.support.runtime_links import Parts


class Field:
    """An object with a remote method."""

    type = "field"
    uid = "field-1"
    remote_methods = ("scaled", "later")

    def scaled(self, factor, offset=0):
        return 2 * factor + offset

    async def later(self):
        return "later"

    def secret(self):
        return "secret"


class Bench:
    """The service, and what it uses."""

    def __init__(self):
        parts = Parts()
        self.written = parts.written
        self.residents = Residents()
        self.housekeeping = Housekeeping(comms=parts.comms, log=parts.log)
        self.residence = Residence(
            residents=self.residents, housekeeping=self.housekeeping, log=parts.log
        )


@pytest.fixture
def bench():
    return Bench()


def command(method, *args, **kwargs):
    """Return a command for the object."""
    return SimpleNamespace(type="field", uid="field-1", method=method, args=args, kwargs=kwargs)


def test_first_registered_object_stays(bench):
    first = Field()
    assert bench.residence.needs_registering("field", "field-1") == (True, None)
    assert bench.residence.register(first) is first
    assert bench.residence.register(Field()) is first
    assert bench.residence.needs_registering("field", "field-1") == (False, first)


def test_command_calls_a_remote_method(bench):
    bench.residence.register(Field())
    cmd = bench.residence.cmd
    assert asyncio.run(cmd("head", command("scaled", 3, offset=1))) == 7
    assert asyncio.run(cmd("head", command("later"))) == "later"


@pytest.mark.parametrize("method", ["secret", "__init__"])
def test_command_for_another_method_is_refused(bench, method):
    bench.residence.register(Field())
    with pytest.raises(AttributeError, match=method):
        asyncio.run(bench.residence.cmd("head", command(method)))


def test_command_for_an_unknown_object_is_a_key_error(bench):
    with pytest.raises(KeyError):
        asyncio.run(bench.residence.cmd("head", command("scaled", 1)))


def test_object_is_released_with_its_last_reference(bench):
    bench.residence.register(Field())
    bench.residence.inc_ref("head", uid="field-1", type="field")
    bench.residence.inc_ref("worker", uid="field-1", type="field")
    bench.residence.dec_refs("head", {"uid": "field-1", "type": "field"})
    assert bench.residents.get("field", "field-1") is not None
    bench.residence.dec_refs("worker", [{"uid": "field-1", "type": "field"}])
    assert bench.residents.get("field", "field-1") is None


def test_reference_to_an_unknown_object_is_logged_at_debug(bench):
    bench.residence.inc_ref("head", uid="a", type="field")
    bench.residence.dec_ref("head", uid="a", type="field")
    assert [entry[0] for entry in bench.written] == ["debug", "debug"]


def test_deregistered_object_is_released_at_the_next_maintenance(bench):
    async def main():
        bench.residence.register(Field())
        bench.residence.deregister(bench.residents.get("field", "field-1"))
        bench.residence.deregister(None)
        assert bench.residents.get("field", "field-1") is not None
        await bench.housekeeping.maintenance()
        bench.housekeeping.close()

    asyncio.run(main())
    assert bench.residents.get("field", "field-1") is None


def test_deregistered_object_that_is_held_stays(bench):
    async def main():
        bench.residence.register(Field())
        bench.residence.inc_ref("head", uid="field-1", type="field")
        bench.residence.deregister(bench.residents.get("field", "field-1"))
        await bench.housekeeping.maintenance()
        bench.housekeeping.close()

    asyncio.run(main())
    assert bench.residents.get("field", "field-1") is not None
