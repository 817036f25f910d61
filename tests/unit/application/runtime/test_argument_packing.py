"""Arguments of tasks: what is taken out, what is named, and what is released."""

import asyncio
from threading import Lock

import pytest

from application.runtime.argument_packing import ArgumentPacking, without_done
from application.runtime.arrivals import Arrivals
from application.runtime.outcomes import Inline, Stored
from application.runtime.task import Task
from domain.runtime.payloads import EngineValue, Message
from domain.runtime.task_errors import SerialisationError
from tests.support.runtime_links import Parts

VALUE = EngineValue("head/1", 100)


class Store:
    """A link that has one value."""

    def __init__(self, payload):
        self.payload = payload
        self.released = []

    async def get(self, value):
        assert value == VALUE
        return self.payload

    def release(self, value):
        self.released.append(value)


class Owner:
    """The owner of a task."""

    own = "head"


@pytest.fixture
def packing():
    return Parts().packing


@pytest.fixture
def store(packing):
    return Store(packing.pack("stored", name="value").payload)


@pytest.fixture
def arguments(packing, store):
    return ArgumentPacking(packing=packing, link=store, arrivals=Arrivals())


def settled(outcome):
    """Return a task that has ended."""
    task = Task("task:head:1", "work", owner=Owner(), results=None)
    task.settle(outcome)
    return task


def sent(packed):
    """Return the message with packed arguments."""
    packed.complete("Counter.add")
    return packed.message("call", {})


def test_results_of_tasks_take_the_place_of_the_tasks(arguments, packing, store):
    inline = settled(Inline(packing.pack(7, name="value").payload))
    stored = settled(Stored(VALUE))
    packed = arguments.pack(([inline, {"a": [stored]}], {}, None), name="Counter.add")
    assert packed.needs == packed.sources == [inline, stored]
    message = sent(packed)
    assert message.values == (VALUE,)
    assert asyncio.run(arguments.unpack(message)) == ([7, {"a": ["stored"]}], {}, None)
    assert store.released == [VALUE]


def test_output_of_a_task_is_taken_from_its_result(arguments, packing):
    task = settled(Inline(packing.pack((1, {"x": 2}), name="value").payload))
    packed = arguments.pack(([task.outputs[1]["x"]], {}, None), name="Counter.add")
    assert asyncio.run(arguments.unpack(sent(packed)))[0] == [2]


def test_values_of_arguments_that_are_not_unpacked_are_released(arguments, store):
    arguments.discard(Message("call", values=(VALUE, VALUE)))
    assert store.released == [VALUE, VALUE]


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (([1, Lock()], {}, None), "argument[1] of Counter.add"),
        (([[{"a": Lock()}]], {}, None), 'argument[0][0]["a"] of Counter.add'),
        (([], {"lock": Lock()}, None), 'argument["lock"] of Counter.add'),
        ((len, [Lock()], {}, None), "argument[0] of Counter.add"),
        ((Lock(), [], {}, None), "Counter.add"),
    ],
)
def test_culprit_is_named_as_an_argument(arguments, content, path):
    with pytest.raises(SerialisationError) as caught:
        arguments.pack(content, name="Counter.add")
    assert str(caught.value).startswith(f"{path} cannot be pickled: TypeError: ")


def test_done_arguments_are_removed_but_awaited():
    task = settled(Inline(None))
    assert without_done([1, task.done], {"a": task.done, "b": 2}) == ([1], {"b": 2}, [task, task])
