"""Flattening nested models into one model of programs."""

import pytest

from domain.coupling.conduits import ConduitFilter, filter_order
from tests.unit.adapters.ymmsl_files.models import (
    MACRO_MICRO,
    NESTED,
    PROGRAM,
    load,
    problem_of,
    problems_of,
    warnings_of,
    whole,
)


def conduits_of(text: str) -> set[str]:
    return {str(item) for item in load(text).model.conduits}


def timelines_of(text: str) -> dict[str, str]:
    return {str(name): item.timeline for name, item in load(text).model.components.items()}


def nested(*replacements: tuple[str, str]) -> str:
    text = NESTED
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return whole(text, PROGRAM)


def test_names_and_multiplicities_are_joined_from_the_outside_in():
    components = load(nested()).model.components
    assert {str(name): item.multiplicity for name, item in components.items()} == {
        "driver": (),
        "outer.coarse": (2,),
        "outer.fine": (2, 3),
    }


def test_conduits_are_joined_end_to_end():
    assert conduits_of(nested()) == {
        "driver.out -> outer.coarse.go",
        "outer.coarse.ask -> outer.fine.go",
        "outer.fine.done -> outer.coarse.hear",
        "outer.coarse.end -> driver.in",
    }


def test_timelines_are_joined_from_the_outside_in():
    assert timelines_of(nested()) == {
        "driver": "driver",
        "outer.coarse": "driver:outer.coarse",
        "outer.fine": "driver:outer.coarse:outer.fine",
    }


def test_model_port_may_feed_several_components():
    text = nested(("start: coarse.go", "start: [coarse.go, extra.go]")).replace(
        "      fine:\n",
        "      extra: {description: x, ports: {f_init: go}, implementation: p}\n      fine:\n",
    )
    assert "driver.out -> outer.extra.go" in conduits_of(text)


def test_model_may_pass_a_message_through():
    text = """
models:
  top:
    description: x
    components:
      a: {description: x, ports: {o_f: out}, implementation: p}
      through: {description: x, ports: {f_init: start, o_f: end}, implementation: inside}
      b: {description: x, ports: {f_init: in}, implementation: p}
    conduits: {a.out: through.start, through.end: b.in}
  inside:
    description: x
    ports: {f_init: start, o_f: end}
    components:
      other: {description: x, ports: {f_init: start}, implementation: p}
    conduits: {start: [end, other.start]}
"""
    assert conduits_of(whole(text, PROGRAM)) == {"a.out -> b.in", "a.out -> through.other.start"}


def test_unconnected_model_port_is_a_warning():
    text = nested(
        ("f_init: start, o_f: end", "f_init: start more, o_f: end"),
        ("o_i: out,", "o_i: out extra,"),
        ("driver.out: outer.start", "driver.out: outer.start\n      driver.extra: outer.more"),
    )
    message = "No component receives the messages of 'driver.extra' to 'outer.more'"
    assert [item[: len(message)] for item in warnings_of(text)] == [message]


FILTERED = """
models:
  top:
    description: x
    components:
      setup: {description: x, ports: {o_f: mesh}, implementation: p}
      driver: {description: x, ports: {o_i: out, s: in}, implementation: p}
      outer:
        description: x
        ports: {f_init: start mesh, o_f: end}
        implementation: inside
    conduits:
      setup.mesh: OUTER outer.mesh
      driver.out: outer.start
      outer.end: driver.in
  inside:
    description: x
    ports: {f_init: start mesh, o_f: end}
    components:
      coarse:
        description: x
        ports: {f_init: start, o_i: ask, s: hear, o_f: end}
        implementation: p
      fine: {description: x, ports: {f_init: go mesh, o_f: done}, implementation: p}
    conduits:
      start: coarse.start
      mesh: INNER fine.mesh
      coarse.ask: fine.go
      fine.done: coarse.hear
      coarse.end: end
"""


@pytest.mark.parametrize("inner", ["repeat", "pad"])
def test_filters_are_joined_in_order(inner):
    text = FILTERED.replace("OUTER", "repeat").replace("INNER", inner)
    conduits = {str(item.receiver): item for item in load(whole(text, PROGRAM)).model.conduits}
    expected = (ConduitFilter.REPEAT, ConduitFilter(inner))
    assert conduits["outer.fine.mesh"].filters == expected


def test_filters_out_of_order_are_rejected():
    text = FILTERED.replace("OUTER", "pad").replace("INNER", "repeat")
    assert problem_of(whole(text, PROGRAM)) == (
        "The conduits setup.mesh -> outer.mesh -> outer.fine.mesh together have the filters"
        f" 'pad repeat', which are out of order: write {filter_order()}. Move or remove"
        " filters on one of these conduits."
    )


SHARED = """
models:
  top:
    description: x
    components:
      outer: {description: x, ports: {o_i: out, s: in}, implementation: inside}
      micro: {description: x, ports: {f_init: start, o_f: end}, implementation: p}
    conduits: {outer.out: micro.start, micro.end: outer.in}
  inside:
    description: x
    ports: {o_i: out, s: in}
    components:
      a: {description: x, ports: {o_i: out}, implementation: p}
      b: {description: x, ports: {s: in}, implementation: p}
    conduits: {a.out: out, in: b.in}
"""


def test_timeline_of_a_called_component_is_below_the_model_as_in_muscle3():
    text = whole(SHARED, PROGRAM)
    assert timelines_of(text) == {
        "outer.a": "outer.a",
        "outer.b": "outer.b",
        "micro": "outer:micro",
    }


def test_shared_outer_timelines_are_listed_as_matching_as_in_muscle3():
    text = whole(SHARED, PROGRAM)
    assert load(text).model.matching_timelines == (("outer", "outer.a", "outer.b"),)


def test_component_that_is_never_started_in_a_called_model_is_reported():
    alone = "      alone: {description: x, ports: {o_f: out}, implementation: p}\n"
    text = nested(("      fine:\n", alone + "      fine:\n"))
    message = problem_of(text)
    assert message.startswith(
        "the text given: Component 'outer.alone' is inside a model that is called by 'driver'"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "o_i: out, s: in",
            "f_init: in, o_f: out",
            "so it could never start: 'macro.out: micro.start'",
        ),
        ("macro.out:", "macro.out: repeat", "joins timeline 'macro' to timeline ':'"),
        ("macro.out:", "macro.out: last last", "has more 'last' filters than its sender"),
    ],
)
def test_invalid_timelines_are_reported(old, new, message):
    assert message in problem_of(whole(MACRO_MICRO.replace(old, new), PROGRAM))


def test_f_init_ports_on_different_timelines_are_reported():
    text = MACRO_MICRO.replace("f_init: start", "f_init: start mesh").replace(
        "    conduits:",
        "      setup: {description: x, ports: {o_f: mesh}, implementation: p}\n    conduits:\n"
        "      setup.mesh: micro.mesh",
    )
    message = problem_of(whole(text, PROGRAM))
    assert "f_init ports of component 'micro' receive messages from different timelines" in message


INTERACT = """
models:
  m:
    description: x
    components:
      a: {description: x, ports: {o_i: out, s: in}, implementation: p}
      b: {description: x, ports: {o_i: out, s: in}, implementation: p}
    matching_timelines: {a: b}
    conduits: {a.out: b.in, b.out: a.in}
"""


def test_matching_timelines_are_kept():
    assert load(whole(INTERACT, PROGRAM)).model.matching_timelines == (("a", "b"),)


def test_different_timelines_that_are_not_declared_as_matching_are_rejected():
    text = INTERACT.replace("    matching_timelines: {a: b}\n", "")
    assert "'matching_timelines: {a: b}'" in problem_of(whole(text, PROGRAM))


@pytest.mark.parametrize(("macro", "micro"), [("[]", "[2, 3]"), ("2", "3"), ("[2, 3]", "[3]")])
def test_incompatible_dimensions_are_reported(macro, micro):
    text = MACRO_MICRO.replace(
        "implementation: p}", f"implementation: p, multiplicity: {macro}}}", 1
    )
    text = text.replace("o_f: final}", f"o_f: final}}, multiplicity: {micro}")
    problems = problems_of(whole(text, PROGRAM))
    assert "Conduit 'macro.out -> micro.start' cannot be made" in problems[0]


def test_port_that_feeds_sets_of_different_size_is_reported():
    text = MACRO_MICRO.replace(
        "    conduits:\n      macro.out: micro.start",
        "      more: {description: x, ports: {f_init: start}, implementation: p, multiplicity: 3}\n"
        "    conduits:\n      macro.out: [micro.start, more.start]",
    )
    message = problem_of(whole(text, PROGRAM))
    assert "'macro.out' sends to components of different multiplicity" in message


def test_custom_implementations_select_the_programs_of_a_nested_model():
    text = NESTED.replace("implementation: inside", "implementation: p")
    chosen = whole(text, PROGRAM, "custom_implementations: {top.outer: inside}\n")
    assert conduits_of(chosen) == conduits_of(nested())


def test_custom_implementations_reach_into_nested_models():
    chosen = whole(
        NESTED,
        PROGRAM,
        "  q: {description: x, executable: y}\n",
        "custom_implementations: {top.outer.fine: q}\n",
    )
    components = load(chosen).model.components
    assert {str(name): str(item.program) for name, item in components.items()} == {
        "driver": "p",
        "outer.coarse": "p",
        "outer.fine": "q",
    }


@pytest.mark.parametrize(
    ("custom", "message"),
    [
        ("top: p", "'top' does not name a component"),
        ("tip.outer: p", 'Unknown model "tip"'),
        ("top.other: p", "does not have a component named other"),
        ("top.outer: q", 'Unknown implementation "q"'),
    ],
)
def test_custom_implementations_without_a_match_are_reported(custom, message):
    assert message in problem_of(whole(NESTED, PROGRAM, f"custom_implementations: {{{custom}}}\n"))


def test_only_used_programs_are_kept():
    text = whole(MACRO_MICRO, PROGRAM, "  q: {description: x, executable: y}\n")
    assert list(load(text).programs) == ["p"]
