"""Allocation of cores to instances."""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import combinations
from types import FrameType

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.errors import InsufficientResources
from domain.identity import Reference
from domain.model.configuration import (
    Configuration,
    MpiCores,
    MpiNodes,
    ResourceRequirements,
    Threads,
)
from domain.model.turns import Turns
from domain.placement.planning import Plan, Planner
from domain.placement.resources import Resources
from tests.support.models import configuration, nodes

CALL = """
macro o_i -> micro f_init
micro o_f -> macro s
"""


def plan(model: Configuration, available: Resources, **options: bool) -> Plan:
    return Planner(model).plan(available, **options)


def cores_of(planned: Plan) -> dict[str, list[str]]:
    """Return the cores of each instance, as in `n0:3`."""
    return {
        str(name): [f"{node.node}:{core.core_id}" for node in given for core in sorted(node.cores)]
        for name, given in planned.resources.items()
    }


def test_instance_gets_one_core_by_default():
    assert cores_of(plan(configuration("a"), nodes(4))) == {"a": ["n0:0"]}


def test_concurrent_instances_get_separate_cores():
    assert cores_of(plan(configuration("a\nb"), nodes(2))) == {"a": ["n0:0"], "b": ["n0:1"]}


def test_instances_that_take_turns_share_cores():
    assert cores_of(plan(configuration(CALL), nodes(1))) == {"macro": ["n0:0"], "micro": ["n0:0"]}


def test_program_that_may_not_share_cores_gets_its_own():
    model = configuration(CALL, alone=("micro",))
    assert cores_of(plan(model, nodes(2))) == {"macro": ["n0:0"], "micro": ["n0:1"]}


def test_instances_of_a_set_share_cores_with_their_caller_but_not_with_each_other():
    model = configuration(CALL, sizes={"micro": (3,)})
    planned = cores_of(plan(model, nodes(3)))
    assert planned["macro"] == ["n0:0"]
    assert sorted(planned[f"micro[{index}]"] for index in range(3)) == [
        ["n0:0"],
        ["n0:1"],
        ["n0:2"],
    ]


def test_instances_of_two_sets_share_cores_by_index():
    model = configuration(CALL, sizes={"macro": (2,), "micro": (2,)})
    planned = cores_of(plan(model, nodes(2)))
    assert planned["macro[0]"] == planned["micro[0]"]
    assert planned["macro[1]"] == planned["micro[1]"]


def test_larger_request_is_placed_first_and_the_smaller_one_shares_its_cores():
    model = configuration(CALL, asked={"micro": Threads(4)})
    planned = cores_of(plan(model, nodes(2, 4)))
    assert planned == {"macro": ["n1:0"], "micro": ["n1:0", "n1:1", "n1:2", "n1:3"]}


def test_threads_of_a_process_stay_on_one_node():
    with pytest.raises(InsufficientResources):
        plan(configuration("a", asked={"a": Threads(3)}), nodes(2, 2))


def test_mpi_processes_may_use_several_nodes_but_threads_of_each_stay_together():
    model = configuration("a", asked={"a": MpiCores(3, 2)})
    planned = plan(model, nodes(5, 3)).resources["a"]
    assert {node.node: len(node.cores) for node in planned} == {"n0": 4, "n1": 2}
    with pytest.raises(InsufficientResources):
        plan(model, nodes(3, 3))


def test_request_for_nodes_gets_whole_nodes():
    model = configuration("a\nb", asked={"a": MpiNodes(2, 3, 1)})
    planned = plan(model, nodes(2, 4, 4, 4)).resources
    assert [node.node for node in planned["a"]] == ["n1", "n2"]
    assert planned["a"].core_count == 8
    assert [node.node for node in planned["b"]] == ["n0"]


def test_request_for_nodes_leaves_the_larger_nodes_to_others():
    model = configuration("a\nb", asked={"a": MpiNodes(1, 1), "b": Threads(8)})
    planned = plan(model, nodes(8, 4)).resources
    assert [node.node for node in planned["a"]] == ["n1"]
    assert [node.node for node in planned["b"]] == ["n0"]


def test_smaller_nodes_are_filled_first_if_a_model_does_not_fit_otherwise():
    asked = {"a": Threads(4), "b": Threads(3), "c": Threads(2)}
    planned = plan(configuration("a\nb\nc", asked=asked), nodes(5, 4)).resources
    assert {str(name): given.nodes[0].node for name, given in planned.items()} == {
        "a": "n1",
        "b": "n0",
        "c": "n0",
    }


def gpus_of(planned: Plan) -> dict[str, list[str]]:
    """Return the GPUs of each instance, as in `n0:3`."""
    return {
        str(name): [f"{node.node}:{gpu.device}" for node in given for gpu in node.gpus]
        for name, given in planned.resources.items()
    }


def test_concurrent_instances_get_separate_gpus():
    asked = {"a": Threads(1, gpus=1), "b": Threads(1, gpus=2)}
    planned = plan(configuration("a\nb\nc", asked=asked), nodes(3, gpus=3))
    assert gpus_of(planned) == {"a": ["n0:2"], "b": ["n0:0", "n0:1"], "c": []}


def test_instances_that_take_turns_share_gpus():
    asked = dict.fromkeys(("macro", "micro"), Threads(1, gpus=2))
    planned = plan(configuration(CALL, asked=asked), nodes(2, gpus=2))
    assert gpus_of(planned) == {"macro": ["n0:0", "n0:1"], "micro": ["n0:0", "n0:1"]}


def test_too_few_gpus_are_an_error():
    model = configuration("a", sizes={"a": (3,)}, asked={"a": Threads(1, gpus=1)})
    with pytest.raises(InsufficientResources) as caught:
        plan(model, nodes(9, gpus=2))
    assert str(caught.value).startswith(
        "There are too few cores or GPUs: component 'a' requests 1 thread on one node, and 1 GPU"
        " for each of its 3 instances, and too few are left for 'a[2]'. Available: n0 (9 cores,"
        " 2 GPUs)."
    )


def test_oversubscribed_gpus_are_shared_and_reported():
    model = configuration("a", sizes={"a": (3,)}, asked={"a": Threads(1, gpus=1)})
    planned = plan(model, nodes(9, gpus=2), oversubscribe=True)
    assert list(gpus_of(planned).values()) == [["n0:0"], ["n0:1"], ["n0:0"]]
    assert planned.oversubscribed == ("a[2]",)
    assert planned.reduced == ()


def test_instance_gets_no_gpu_on_an_oversubscribed_node_without_one():
    planned = plan(
        configuration("a", asked={"a": Threads(1, gpus=1)}), nodes(2), oversubscribe=True
    )
    assert gpus_of(planned) == {"a": []}
    assert planned.reduced == ("a",)


def test_number_of_needed_nodes_depends_on_their_gpus():
    model = configuration("a", sizes={"a": (3,)}, asked={"a": Threads(1, gpus=1)})
    assert Planner(model).nodes_needed(8, gpus_per_node=1) == 3
    assert Planner(model).nodes_needed(8, gpus_per_node=4) == 1
    with pytest.raises(InsufficientResources, match="node 1 \\(8 cores\\)"):
        Planner(model).nodes_needed(8)


def test_user_started_components_get_no_cores():
    model = configuration("a\nb", manual=("a",))
    assert cores_of(plan(model, nodes(1))) == {"b": ["n0:0"]}


def test_plan_is_in_the_order_of_the_model():
    model = configuration("a\nb\nc", asked={"c": Threads(2)})
    assert list(plan(model, nodes(4)).resources) == ["a", "b", "c"]


def test_too_few_cores_error_states_request_and_available_cores():
    model = configuration("a\nb", sizes={"b": (2,)}, asked={"b": Threads(2)})
    with pytest.raises(InsufficientResources) as caught:
        plan(model, nodes(3))
    assert str(caught.value) == (
        "There are too few cores: component 'b' requests 2 threads on one node for each of its 2"
        " instances, and too few are left for 'b[1]'. Available: n0 (3 cores). Request less"
        " under 'resources', make the model smaller, or run it on more or larger nodes."
    )


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (MpiCores(9, 1), "requests 9 MPI processes with 1 thread each, and"),
        (MpiNodes(1, 3, 3), "requests 1 whole node with 3 MPI processes of 3 threads on each, and"),
    ],
)
def test_too_few_cores_error_describes_each_kind_of_request(asked, words):
    with pytest.raises(InsufficientResources, match=words):
        plan(configuration("a", asked={"a": asked}), nodes(8))


def test_oversubscription_spreads_the_load_and_is_reported():
    planned = plan(configuration("a\nb\nc\nd"), nodes(2), oversubscribe=True)
    assert [core for (core,) in cores_of(planned).values()] == ["n0:0", "n0:1", "n0:0", "n0:1"]
    assert planned.oversubscribed == ("c", "d")
    assert planned.reduced == ()


def test_plan_is_not_oversubscribed_if_there_are_enough_cores():
    assert plan(configuration("a\nb"), nodes(2), oversubscribe=True).oversubscribed == ()


@pytest.mark.parametrize(
    ("asked", "cores"),
    [
        (Threads(4), ["n1:0", "n1:1", "n1:2"]),
        (MpiCores(6), ["n0:0", "n0:1", "n1:0", "n1:1", "n1:2"]),
        (MpiCores(1, 4), ["n0:0", "n0:1", "n1:0", "n1:1", "n1:2"]),
        (MpiNodes(1, 4), ["n0:0", "n0:1", "n1:0", "n1:1", "n1:2"]),
        (MpiNodes(3, 1), ["n0:0", "n0:1", "n1:0", "n1:1", "n1:2"]),
    ],
)
def test_oversubscribed_instance_that_is_too_large_gets_all_cores(asked, cores):
    planned = plan(configuration("a", asked={"a": asked}), nodes(2, 3), oversubscribe=True)
    assert cores_of(planned) == {"a": cores}
    assert planned.oversubscribed == planned.reduced == ("a",)


def test_oversubscription_needs_at_least_one_core():
    with pytest.raises(InsufficientResources):
        plan(configuration("a"), nodes(0), oversubscribe=True)


def warning(model: Configuration, available: Resources) -> str | None:
    planner = Planner(model)
    return planner.oversubscription(planner.plan(available, oversubscribe=True), available)


def test_enough_cores_cause_no_warning():
    assert warning(configuration(CALL), nodes(1)) is None


def test_oversubscription_warning_states_request_and_available_cores():
    model = configuration("a\nb", sizes={"a": (3,)}, asked={"a": Threads(64)})
    assert warning(model, nodes(2)) == (
        "There are too few cores for the model to run at full speed. Available: n0 (2 cores)."
        " Component 'a' requests 64 threads on one node for each of its 3 instances. 1 of 4"
        " instances shares cores with others that run at the same time: 'b'."
    )


def test_oversubscription_warning_mentions_gpus_if_they_are_requested():
    said = warning(configuration("a", asked={"a": Threads(1, gpus=1)}), nodes(2))
    assert said == (
        "There are too few cores or GPUs for the model to run at full speed. Available: n0 (2"
        " cores). Component 'a' requests 1 thread on one node, and 1 GPU."
    )


def test_oversubscription_warning_shortens_a_long_list_of_instances():
    said = warning(configuration("a", sizes={"a": (11,)}), nodes(1))
    assert said is not None
    assert "10 of 11 instances share cores with others that run at the same time: 'a[1]'," in said
    assert said.endswith(" 'a[8]' and 2 more.")


def test_number_of_needed_nodes_is_computed():
    model = configuration(CALL, sizes={"micro": (10,)}, asked={"micro": Threads(3)})
    assert Planner(model).nodes_needed(4) == 10
    assert Planner(model).nodes_needed(8) == 5
    assert Planner(configuration("a", manual=("a",))).nodes_needed(8) == 0
    assert Planner(configuration("a", asked={"a": MpiNodes(3, 1)})).nodes_needed(8) == 3


def test_number_of_needed_nodes_is_undefined_for_an_instance_larger_than_a_node():
    with pytest.raises(InsufficientResources, match="requests 9 threads on one node"):
        Planner(configuration("a", asked={"a": Threads(9)})).nodes_needed(8)


def many(size: int, *, macro: int = 1) -> Configuration:
    """A macro model that requests a number of threads and calls a number of micro models."""
    return configuration(CALL, sizes={"micro": (size,)}, asked={"macro": Threads(macro)})


@pytest.mark.parametrize(
    ("size", "asked", "available"),
    [(5000, 1, (5000,)), (5000, 5000, (5000,)), (2500, 1, (1,) * 2500), (2500, 64, (64,) * 80)],
)
def test_thousands_of_instances_are_planned(size, asked, available):
    assert len(plan(many(size, macro=asked), nodes(*available)).resources) == size + 1


@pytest.mark.parametrize(
    ("asked", "available"),
    [
        (lambda _: 1, lambda size: (size,)),
        (lambda size: size, lambda size: (size,)),
        (lambda _: 1, lambda size: (1,) * size),
        (lambda _: 16, lambda size: (16,) * (size // 8)),
    ],
    ids=["one node", "all cores of one node", "a node each", "nodes of 16 cores"],
)
def test_number_of_search_steps_grows_in_proportion_to_the_number_of_instances(asked, available):
    few, more = (
        lines_executed(
            partial(plan, many(size, macro=asked(size)), nodes(*available(size))),
            package="domain",
        )
        for size in (100, 400)
    )
    assert more < 5 * few


def calls(size: int) -> str:
    return "\n".join(
        f"macro{i} o_i -> micro{i} f_init\nmicro{i} o_f -> macro{i} s" for i in range(size // 2)
    )


def star(size: int) -> str:
    return "\n".join(
        f"macro o_i -> micro{i} f_init\nmicro{i} o_f -> macro s" for i in range(size - 1)
    )


def chain(size: int) -> str:
    return "\n".join(f"c{i} o_f -> c{i + 1} f_init" for i in range(size - 1))


def nested(size: int) -> str:
    return "\n".join(
        f"c{i} o_i -> c{i + 1} f_init\nc{i + 1} o_f -> c{i} s" for i in range(size - 1)
    )


@pytest.mark.parametrize("threads", [1, 33])
@pytest.mark.parametrize("shape", [calls, star, chain, nested])
def test_number_of_search_steps_grows_in_proportion_to_the_number_of_components(shape, threads):
    def steps(size: int) -> int:
        model = configuration(shape(size))
        asked = dict.fromkeys(model.model.components, Threads(threads))
        action = partial(plan, replace(model, resources=asked), nodes(*[64] * size))
        return lines_executed(action, package="domain")

    assert steps(160) < 5 * steps(40)


@pytest.mark.parametrize("conduits", [chain(1200), "\n".join(reversed(nested(1200).splitlines()))])
def test_long_chains_are_planned(conduits):
    assert cores_of(plan(configuration(conduits), nodes(1)))["c1199"] == ["n0:0"]


def lines_executed(action: Callable[[], object], *, package: str) -> int:
    """Return how many lines of a package an action executes, counting repetitions."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal count
        if frame.f_globals["__name__"].partition(".")[0] != package:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


SHAPES = st.sampled_from([(), (), (2,), (3,)])
GPUS = st.sampled_from([0, 0, 0, 1, 2])
ASKED = st.one_of(
    st.builds(Threads, st.integers(1, 4), GPUS),
    st.builds(MpiCores, st.integers(1, 4), st.integers(1, 3), GPUS),
    st.builds(MpiNodes, st.integers(1, 2), st.integers(1, 2), st.integers(1, 2), GPUS),
)
NAMES = "abcde"


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    """Make models of calls and dispatches; a component depends only on those before it."""
    lines = list(NAMES)
    for position, name in enumerate(NAMES[1:], 1):
        before = draw(st.sampled_from(NAMES[:position]))
        kind = draw(st.sampled_from(["call", "send", "dispatch", "none"]))
        if kind in ("call", "send"):
            lines.append(f"{before} o_i -> {name} f_init")
        if kind == "call":
            lines.append(f"{name} o_f -> {before} s")
        if kind == "dispatch":
            lines.append(f"{before} o_f -> {name} f_init")
    shape = draw(SHAPES)
    return configuration(
        "\n".join(lines),
        sizes={name: draw(st.sampled_from([(), shape])) for name in NAMES},
        asked={name: draw(ASKED) for name in NAMES if draw(st.booleans())},
        alone=tuple(name for name in NAMES if draw(st.integers(0, 4)) == 0),
    )


AVAILABLE = st.builds(
    lambda counts, gpus: nodes(*counts, gpus=gpus),
    st.lists(st.integers(1, 9), min_size=1, max_size=8),
    st.integers(0, 4),
)


def planned_or_assumed_away(model: Configuration, available: Resources) -> Plan:
    try:
        return plan(model, available)
    except InsufficientResources:
        assume(False)
        raise


@given(configurations(), AVAILABLE)
def test_concurrent_instances_never_share_a_core_or_a_gpu(model, available):
    planned = planned_or_assumed_away(model, available)
    partners = Turns(model.model).partners()
    for one, other in combinations(planned.resources, 2):
        first, second = (item.without_trailing_ints() for item in (one, other))
        together = units(planned.resources[one]) & units(planned.resources[other])
        if together:
            shorter = min(len(one.indices), len(other.indices))
            assert second in partners[first]
            assert one.indices[:shorter] == other.indices[:shorter]
            assert all(may_share(model, name) for name in (first, second))


def units(resources: Resources) -> set[tuple[str, object]]:
    """Return all cores and GPUs."""
    return {(node.node, unit) for node in resources for unit in (*node.cores, *node.gpus)}


def may_share(model: Configuration, name: Reference) -> bool:
    return model.program_of(model.model.components[name]).can_share_resources


@given(configurations(), AVAILABLE)
def test_every_request_is_met_from_the_available_cores(model, available):
    planned = planned_or_assumed_away(model, available)
    there = {node.node: node.cores for node in available}
    assert set(planned.resources) == set(model.model.instances())
    for instance, given_ in planned.resources.items():
        assert len({node.node for node in given_}) == len(given_.nodes)
        assert all(node.cores <= there[node.node] for node in given_)
        component = model.model.component_of(instance)
        assert component is not None
        asked = model.resources_of(component)
        assert_fits(asked, given_, there)
        assert all(len(set(node.gpus)) == asked.gpus for node in given_)


def assert_fits(asked: ResourceRequirements, given_: Resources, there: dict) -> None:
    counts = [len(node.cores) for node in given_]
    match asked:
        case Threads(threads):
            assert counts == [threads]
        case MpiCores(processes, threads, gpus):
            assert sum(counts) == processes * threads
            assert not gpus or len(counts) == 1
            assert all(count % threads == 0 for count in counts)
        case MpiNodes(count, processes, threads):
            assert len(counts) == count
            assert all(node.cores == there[node.node] for node in given_)
            assert min(counts) >= processes * threads


@st.composite
def models_with_threads(draw: st.DrawFn, threads: st.SearchStrategy[int]) -> Configuration:
    """Make models whose processes have these numbers of threads, and none request whole nodes."""
    model = draw(configurations())
    asked = {
        name: draw(
            st.one_of(st.builds(Threads, threads), st.builds(MpiCores, st.integers(1, 4), threads))
        )
        for name in model.model.components
    }
    return replace(model, resources=asked)


def processes(model: Configuration) -> list[int]:
    """Return the number of threads of each process, the largest first."""
    sizes: list[int] = []
    for instance in model.model.instances():
        component = model.model.component_of(instance)
        assert component is not None
        match model.resources_of(component):
            case Threads(threads):
                sizes.append(threads)
            case MpiCores(count, threads):
                sizes += [threads] * count
    return sorted(sizes, reverse=True)


def just_enough(cores: list[int], needed: int, *, size: int) -> list[int]:
    """Repeat numbers of cores of nodes until these have enough places of a given size."""
    cores = [*cores, size]
    chosen: list[int] = []
    while sum(count // size for count in chosen) < needed:
        chosen.append(cores[len(chosen) % len(cores)])
    return chosen


CORES = st.lists(st.integers(1, 9), max_size=4)


@given(st.integers(1, 4).flatmap(lambda size: models_with_threads(st.just(size))), CORES)
def test_processes_of_equal_size_are_placed_whenever_they_fit(model, cores):
    sizes = processes(model)
    assert plan(model, nodes(*just_enough(cores, len(sizes), size=sizes[0])))


@given(models_with_threads(st.sampled_from([1, 2, 4])), st.lists(st.sampled_from([4, 8, 12])))
def test_processes_whose_sizes_divide_each_other_are_placed_whenever_they_fit(model, cores):
    needed = -(-sum(processes(model)) // 4)
    assert plan(model, nodes(*just_enough(cores, needed, size=4)))


@given(models_with_threads(st.integers(1, 6)), CORES)
def test_model_that_first_fit_decreasing_places_without_sharing_is_placed(model, cores):
    waiting, free, available = [*cores], list[int](), list[int]()
    for size in processes(model):
        fitting = next((node for node, left in enumerate(free) if left >= size), len(free))
        if fitting == len(free):
            available.append(max(size, waiting.pop() if waiting else 0))
            free.append(available[-1])
        free[fitting] -= size
    assert plan(model, nodes(*available))


@given(configurations(), st.integers(12, 16))
def test_number_of_needed_nodes_suffices(model, cores):
    count = Planner(model).nodes_needed(cores, gpus_per_node=2)
    assert plan(model, nodes(*[cores] * count, gpus=2))


@given(configurations(), AVAILABLE)
def test_oversubscription_places_all_instances(model, available):
    planned = plan(model, available, oversubscribe=True)
    there = {node.node: node.cores for node in available}
    assert set(planned.resources) == set(model.model.instances())
    for given_ in planned.resources.values():
        assert given_.core_count > 0
        assert all(node.cores <= there[node.node] for node in given_)
    assert set(planned.reduced) <= set(planned.oversubscribed)


@given(configurations(), AVAILABLE)
def test_model_is_oversubscribed_only_if_it_does_not_fit(model, available):
    if plan(model, available, oversubscribe=True).oversubscribed:
        with pytest.raises(InsufficientResources):
            plan(model, available)
    else:
        assert plan(model, available)
