from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.coupling.messages import Wait
from domain.running.deadlock import WaitGraph, describe_cycle

names = st.sampled_from("abcdef")
waits = st.builds(Wait, names, names, st.sampled_from(["p", "q"]), st.none())


def graph_of(*found: Wait) -> WaitGraph:
    graph = WaitGraph()
    for wait in found:
        graph.add(wait)
    return graph


def test_cycle_starts_with_the_queried_instance():
    a, b, c = Wait("a", "b", "p"), Wait("b", "c", "q"), Wait("c", "a", "r", 3)
    graph = graph_of(a, b, c)
    assert graph.find_cycle("b") == (b, c, a)
    assert "'c' waits on port 'r[3]' for 'a'" in describe_cycle(graph.find_cycle("c"))


def test_instance_that_waits_for_a_member_is_not_part_of_the_cycle():
    graph = graph_of(Wait("a", "b", "p"), Wait("b", "a", "p"), Wait("c", "a", "p"))
    assert graph.find_cycle("c") == ()


def test_instance_that_waits_for_itself_is_a_cycle():
    wait = Wait("a", "a", "p")
    assert graph_of(wait).find_cycle("a") == (wait,)


@given(st.lists(waits, max_size=12), names)
def test_cycle_is_found_if_and_only_if_it_exists(found: list[Wait], start: str):
    """The reference: the instances that can be reached by following waits."""
    latest = {(wait.instance, wait.port, wait.slot): wait for wait in found}
    edges = {(wait.instance, wait.peer) for wait in latest.values()}
    reached: set[str] = set()
    frontier = {start}
    while frontier:
        frontier = {peer for name, peer in edges if name in frontier} - reached
        reached |= frontier
    cycle = graph_of(*found).find_cycle(start)
    assert bool(cycle) == (start in reached)
    if cycle:
        assert cycle[0].instance == start
        assert cycle[-1].peer == start
        assert set(cycle) <= set(latest.values())
        assert all(one.peer == other.instance for one, other in pairwise(cycle))


@given(st.lists(waits, max_size=12))
def test_removed_waits_form_no_cycle(found: list[Wait]):
    graph = graph_of(*found)
    for wait in found:
        graph.remove(wait)
    assert all(graph.find_cycle(name) == () for name in "abcdef")


def test_removed_instance_has_no_waits():
    graph = graph_of(Wait("a", "b", "p"), Wait("b", "a", "p"))
    graph.remove_instance("b")
    assert graph.find_cycle("a") == ()


def test_all_waits_that_keep_an_instance_from_continuing_are_found():
    cycle = Wait("a", "b", "p"), Wait("b", "a", "p")
    behind = Wait("c", "a", "p")
    graph = graph_of(*cycle, behind)
    assert graph.stuck_waits("a") == set(cycle)
    assert graph.stuck_waits("c") == {*cycle, behind}


def test_instance_with_another_wait_for_an_active_instance_is_not_stuck():
    graph = graph_of(Wait("a", "b", "p"), Wait("b", "a", "p"), Wait("b", "active", "q"))
    assert graph.stuck_waits("a") == set()
    assert graph.stuck_waits("active") == set()


@given(st.lists(waits, max_size=12))
def test_stuck_instances_form_the_largest_set_that_waits_only_for_itself(found: list[Wait]):
    graph = graph_of(*found)
    edges = [(wait.instance, wait.peer) for name in "abcdef" for wait in graph.waits_of(name)]
    stuck = {instance for instance, _ in edges}
    while free := {name for name in stuck if any(a == name and b not in stuck for a, b in edges)}:
        stuck -= free
    assert {name for name in "abcdef" if graph.stuck_waits(name)} == stuck


def test_sender_in_a_cycle_is_described_as_one():
    cycle = (Wait("a", "b", "out", 2, is_sending=True), Wait("b", "a", "in"))
    assert describe_cycle(cycle).splitlines()[1:] == [
        "- 'a' waits to send on port 'out[2]' to 'b'",
        "- 'b' waits on port 'in' for 'a'",
    ]
