"""Which components the keys under `resources` refer to."""

import pytest

from domain.model.configuration import Threads
from tests.unit.adapters.ymmsl_files.models import (
    MACRO_MICRO,
    NESTED,
    PROGRAM,
    load,
    problem_of,
    warnings_of,
    whole,
)

TWICE = """
models:
  top:
    description: x
    components:
      driver: {description: x, ports: {}, implementation: p}
      one: {description: x, ports: {}, implementation: inside}
      two: {description: x, ports: {}, implementation: inside}
      three: {description: x, ports: {}, implementation: around}
  around:
    description: x
    components:
      driver: {description: x, ports: {}, implementation: p}
      only: {description: x, ports: {}, implementation: p}
  inside:
    description: x
    components:
      part: {description: x, ports: {}, implementation: p}
"""
OLD_MODEL = """ymmsl_version: v0.1
model:
  name: m
  components:
    macro: {ports: {}, implementation: p}
implementations:
  p: {executable: /bin/true}
resources:
  macro: {threads: 2}
"""


def resources(key: str, threads: int = 2) -> str:
    return f"resources: {{{key}: {{threads: {threads}}}}}\n"


@pytest.mark.parametrize(
    ("key", "component"),
    [
        ("top.outer.fine", "outer.fine"),
        ("outer.fine", "outer.fine"),
        ("fine", "outer.fine"),
        ("inside.fine", "outer.fine"),
        ("driver", "driver"),
    ],
)
def test_resources_without_the_models_name_are_accepted(key, component):
    text = whole(NESTED, PROGRAM, resources(key))
    assert load(text).resources == {component: Threads(2)}
    assert warnings_of(text) == []


@pytest.mark.parametrize(
    ("key", "component"),
    [
        ("driver", "driver"),
        ("around.driver", "three.driver"),
        ("three.driver", "three.driver"),
        ("only", "three.only"),
        ("one.part", "one.part"),
    ],
)
def test_key_refers_to_a_component_of_the_outermost_model_first(key, component):
    assert load(whole(TWICE, PROGRAM, resources(key))).resources == {component: Threads(2)}


@pytest.mark.parametrize("key", ["part", "inside.part"])
def test_ambiguous_resource_key_is_rejected(key):
    problem = problem_of(whole(TWICE, PROGRAM, resources(key)))
    assert problem.endswith(
        f"resources: '{key}' is ambiguous: it may be 'top.one.part' or 'top.two.part'."
        " Use one of these."
    )


def test_key_of_a_model_that_is_not_run_matches_no_other_component():
    text = MACRO_MICRO + "  macro: {description: x, components: {}}\n"
    assert load(whole(text, PROGRAM, resources("macro.micro")), model="m").resources == {}


def test_component_with_the_name_of_the_model_is_found():
    text = MACRO_MICRO.replace("  m:\n", "  macro:\n")
    assert load(whole(text, PROGRAM, resources("macro"))).resources == {"macro": Threads(2)}


def test_component_without_an_implementation_needs_no_model_name():
    text = MACRO_MICRO.replace("final}, implementation: p", "final}, optional: true")
    assert load(whole(text, PROGRAM, resources("micro"))).resources == {}


def test_resources_in_an_imported_model_can_be_named_by_that_model(tmp_path, monkeypatch):
    monkeypatch.setenv("YMMSL_PATH", str(tmp_path))
    rig = "models:\n  rig:\n    description: x\n    components:\n"
    rig += "      worker: {description: x, ports: {}, implementation: p}\n"
    (tmp_path / "lib.ymmsl").write_text(whole(rig, PROGRAM))
    main = "imports:\n- from lib import implementation rig\nmodels:\n  case:\n    description: x\n"
    main += "    components:\n      run: {description: x, ports: {}, implementation: rig}\n"
    for key in ("case.run.worker", "run.worker", "worker", "rig.worker", "lib.rig.worker"):
        assert load(whole(main, resources(key))).resources == {"run.worker": Threads(2)}


@pytest.mark.parametrize("key", ["macro", "m.macro"])
@pytest.mark.parametrize(
    "earlier",
    [
        [OLD_MODEL],
        [whole(MACRO_MICRO, PROGRAM, resources("macro"))],
        [whole(MACRO_MICRO, PROGRAM, resources("m.macro"))],
        [whole(MACRO_MICRO, PROGRAM, resources("m.macro")), whole(resources("macro", 4))],
    ],
)
def test_later_file_overrides_resources_under_any_name(earlier, key):
    sources = [*earlier, whole(resources(key, 3))]
    assert load(*sources).resources == {"macro": Threads(3)}
    assert not any("are the same component" in warning for warning in warnings_of(*sources))


@pytest.mark.parametrize("model", [OLD_MODEL, whole(MACRO_MICRO, PROGRAM)], ids=["v0.1", "v0.2"])
def test_resources_in_a_v0_1_file_apply_to_both_components(model):
    old_style = "ymmsl_version: v0.1\n" + resources("macro", 3)
    assert load(model, old_style).resources == {"macro": Threads(3)}


def test_two_names_of_one_component_in_one_file_are_a_warning():
    both = "resources: {m.macro: {threads: 2}, macro: {threads: 3}}\n"
    text = whole(MACRO_MICRO, PROGRAM, both)
    assert load(text).resources == {"macro": Threads(3)}
    (warning,) = warnings_of(text)
    assert "the text given: under 'resources', 'm.macro' and 'macro' are the same" in warning
