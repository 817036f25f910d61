"""Parameters: local objects with a root copy elsewhere, with the engine `inline`."""

from dataclasses import dataclass

import pytest

import entrypoints.runtime as tasks


@tasks.tessera
class Model:
    """Something with a value that is computed."""

    def __init__(self, value=0, name=""):
        self.value = value
        self.name = name
        self.calls = 0

    def double(self):
        self.calls += 1
        self.value *= 2
        return self.value

    async def triple(self):
        self.value *= 3
        return self.value

    def fail(self):
        raise ValueError("no")


@tasks.tessera
class Reader:
    """Uses parameters in another process."""

    def value(self, model):
        return model.value

    def roles(self, model):
        return model.has_tessera, model.is_tessera, model.is_proxy, model.cached

    async def push(self, model, value):
        model.value = value
        await model.push()

    async def own(self):
        model = Model.local_parameter(1)
        return model.is_tessera, await model.get("value")

    async def root_value(self, model):
        return await model.get("value")

    def kind(self, model):
        return isinstance(model, Model)


def run(main, **options):
    return tasks.run(main, engine="inline", log_level="error", **{"num_workers": 2, **options})


async def root_value(model, name="value"):
    """Return an attribute of the root, without keeping it."""
    return await model._conjoin_link.root.read(name).result()


def test_parameter_is_a_local_object_of_its_class():
    async def main(runtime):
        model = Model.parameter(2, name="m")
        return isinstance(model, Model), type(model).__name__, model.name, model.double()

    assert run(main) == (True, "Model", "m", 4)


def test_local_change_does_not_reach_the_root():
    async def main(runtime):
        model = Model.parameter(2)
        model.double()
        return model.value, await root_value(model)

    assert run(main) == (4, 2)


def test_push_copies_all_attributes_to_the_root():
    async def main(runtime):
        model = Model.parameter(2)
        model.value, model.name = 5, "new"
        await model.push()
        return await root_value(model), await root_value(model, "name")

    assert run(main) == (5, "new")


def test_push_of_an_attribute_copies_only_that():
    async def main(runtime):
        model = Model.parameter(2, name="old")
        model.value, model.name = 5, "new"
        await model.push("value")
        return await root_value(model), await root_value(model, "name")

    assert run(main) == (5, "old")


def test_pull_copies_all_attributes_from_the_root():
    async def main(runtime):
        model = Model.parameter(2, name="old")
        model.value, model.name = 5, "new"
        await model.pull()
        return model.value, model.name

    assert run(main) == (2, "old")


def test_pull_of_an_attribute_copies_only_that():
    async def main(runtime):
        model = Model.parameter(2, name="old")
        model.value, model.name = 5, "new"
        await model.pull("name")
        return model.value, model.name

    assert run(main) == (5, "old")


def test_get_returns_and_keeps_the_value_of_the_root():
    async def main(runtime):
        model = Model.parameter(2)
        model.value = 5
        return await model.get("value"), model.value

    assert run(main) == (2, 2)


def test_get_of_an_unknown_attribute_is_an_error():
    async def main(runtime):
        with pytest.raises(AttributeError, match="nothing"):
            await Model.parameter().get("nothing")

    run(main)


def test_set_changes_the_root_and_the_local_object():
    async def main(runtime):
        model = Model.parameter(2)
        await model.set("value", 7)
        return model.value, await root_value(model)

    assert run(main) == (7, 7)


def test_propagated_method_runs_on_both():
    async def main(runtime):
        model = Model.parameter(2)
        return await model.double(propagate=True), model.value, await root_value(model)

    assert run(main) == (4, 4, 4)


def test_propagated_coroutine_function_runs_on_both():
    async def main(runtime):
        model = Model.parameter(2)
        return await model.triple(propagate=True), model.value, await root_value(model)

    assert run(main) == (6, 6, 6)


def test_error_of_a_propagated_method_at_the_root_stops_it():
    async def main(runtime):
        model = Model.parameter(2)
        await model.set("value", None)
        model.value = 1
        with pytest.raises(TypeError):
            await model.double(propagate=True)
        return model.calls

    assert run(main) == 0


def test_error_of_a_propagated_method_is_raised():
    async def main(runtime):
        with pytest.raises(ValueError, match="no"):
            await Model.parameter().fail(propagate=True)

    run(main)


def test_roles_of_a_parameter_in_the_head():
    async def main(runtime):
        model = Model.parameter()
        return model.has_tessera, model.is_tessera, model.is_proxy, model.cached, model.ref

    assert run(main) == (True, True, False, False, None)


@pytest.mark.parametrize("cached", [False, True])
def test_argument_arrives_as_a_copy_that_knows_its_root(cached):
    async def main(runtime):
        model = Model.parameter(4, cached=cached)
        reader = await Reader.remote()
        roles = await reader.roles(model).result()
        return await reader.kind(model).result(), await reader.value(model).result(), roles

    assert run(main) == (True, 4, (True, False, True, cached))


def test_argument_in_a_list_arrives_as_a_copy():
    @tasks.tessera
    class ListReader:
        def total(self, models):
            return sum(model.value for model in models)

    async def main(runtime):
        models = [Model.parameter(4, cached=True), Model.parameter(5)]
        return await (await ListReader.remote()).total(models).result()

    assert run(main) == 9


def test_argument_carries_the_local_state():
    async def main(runtime):
        model = Model.parameter(4)
        model.value = 5
        reader = await Reader.remote()
        return await reader.value(model).result(), await reader.root_value(model).result()

    assert run(main) == (5, 4)


def test_receiver_can_use_the_root_of_a_parameter_that_was_created_just_before():
    async def main(runtime):
        reader = await Reader.remote()
        return [await reader.root_value(Model.parameter(x)).result() for x in range(20)]

    assert run(main) == list(range(20))


def test_cached_argument_carries_the_state_of_the_root():
    async def main(runtime):
        model = Model.parameter(4, cached=True)
        reader = await Reader.remote()
        model.value = 5
        before = await reader.value(model).result()
        await model.push()
        return before, await reader.value(model).result()

    assert run(main) == (4, 5)


@pytest.mark.parametrize("cached", [False, True])
def test_push_from_a_worker_changes_the_root(cached):
    async def main(runtime):
        model = Model.parameter(4, cached=cached)
        reader = await Reader.remote()
        await reader.push(model, 8)
        here = model.value
        await model.pull()
        return here, model.value

    assert run(main) == (4, 8)


def test_local_parameter_has_its_root_in_the_process():
    async def main(runtime):
        return await (await Reader.remote()).own().result()

    assert run(main) == (True, 1)


def test_local_parameter_is_a_proxy_elsewhere():
    async def main(runtime):
        model = Model.local_parameter(3)
        return await (await Reader.remote()).roles(model).result()

    assert run(main) == (True, False, True, False)


def test_publish_stores_the_root():
    async def main(runtime):
        model = Model.parameter(3)
        model.value = 9
        await model.publish()
        return (await model.ref).value

    assert run(main) == 3


def test_push_can_publish():
    async def main(runtime):
        model = Model.parameter(3)
        model.value = 9
        await model.push(publish=True)
        return (await model.ref).value

    assert run(main) == 9


def test_put_of_a_parameter_pushes_it_and_returns_its_reference():
    async def main(runtime):
        model = Model.parameter(3)
        model.value = 9
        ref = await runtime.put(model)
        stored = await runtime.get(ref)
        return ref is model.ref, stored.value, await root_value(model)

    assert run(main) == (True, 9, 9)


@pytest.mark.parametrize("name", ["get", "cached"])
def test_class_that_defines_a_name_of_parameters_is_refused(name):
    cls = tasks.tessera(type("Clash", (), {name: lambda self: None}))

    async def main(runtime):
        with pytest.raises(TypeError, match=f"Clash defines '{name}'"):
            cls.parameter()

    run(main)


def test_parameter_outside_of_a_run_is_refused():
    with pytest.raises(RuntimeError, match="needs a runtime"):
        Model.parameter()


def test_parameter_that_cannot_be_pickled_is_refused():
    async def main(runtime):
        with pytest.raises(tasks.SerialisationError):
            Model.parameter(value=(x for x in ()))

    run(main)


def test_frozen_dataclass_can_be_a_parameter():
    @tasks.tessera
    @dataclass(frozen=True)
    class Point:
        x: int

    async def main(runtime):
        point = Point.parameter(3)
        return (
            point,
            await (await Reader.remote()).kind(point).result(),
            await root_value(point, "x"),
        )

    point, is_model, x = run(main)
    assert (point.x, is_model, x) == (3, False, 3)


def test_class_with_slots_can_be_a_parameter():
    @tasks.tessera
    class Slotted:
        __slots__ = ("value",)

        def __init__(self, value):
            self.value = value

    async def main(runtime):
        item = Slotted.parameter(3)
        return await (await Reader.remote()).value(item).result()

    assert run(main) == 3
