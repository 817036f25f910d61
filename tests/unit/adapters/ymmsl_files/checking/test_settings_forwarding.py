"""Settings sent to a component that is implemented by a model."""

from tests.unit.adapters.ymmsl_files.models import PROGRAM, load, problem_of, whole

ENSEMBLE = """
models:
  top:
    description: x
    components:
      driver: {description: x, ports: {o_i: overlays, s: in}, implementation: p}
      outer:
        description: x
        ports: {f_init: table, o_f: end}
        implementation: inside
        multiplicity: 4
    conduits:
      driver.overlays: outer.muscle_settings_in
      outer.end: driver.in
  inside:
    description: x
    ports: {f_init: table, o_f: end}
    components:
      coarse: {description: x, ports: {o_i: ask, s: hear, o_f: end}, implementation: p}
      fine: {description: x, ports: {f_init: go, o_f: done}, implementation: p}
      after: {description: x, ports: {f_init: in, o_f: out}, implementation: p}
    conduits:
      coarse.ask: fine.go
      fine.done: coarse.hear
      coarse.end: after.in
      after.out: end
"""


def receivers_of_settings(text: str) -> list[str]:
    conduits = load(whole(text, PROGRAM)).model.conduits
    return [str(item.receiver) for item in conduits if item.sender == "driver.overlays"]


def test_settings_are_forwarded_to_the_component_that_starts_the_others():
    assert receivers_of_settings(ENSEMBLE) == ["outer.coarse.muscle_settings_in"]


def test_settings_are_forwarded_to_each_component_called_from_outside():
    text = ENSEMBLE.replace(
        "coarse: {description: x, ports: {", "coarse: {description: x, ports: {f_init: t, "
    )
    text = text.replace("overlays, s", "overlays tables, s").replace(
        "      outer.end", "      driver.tables: outer.table\n      outer.end"
    )
    text = text.replace(
        "      coarse.ask", "      table: [coarse.t, side.t]\n      coarse.ask"
    ).replace(
        "      fine:",
        "      side: {description: x, ports: {f_init: t}, implementation: p}\n      fine:",
    )
    assert receivers_of_settings(text) == [
        "outer.coarse.muscle_settings_in",
        "outer.side.muscle_settings_in",
    ]


def test_settings_are_forwarded_through_nested_models():
    text = ENSEMBLE.replace(
        "  inside:",
        """  between:
    description: x
    ports: {f_init: table, o_f: end}
    components:
      wrapped: {description: x, ports: {o_f: end}, implementation: inside}
    conduits: {wrapped.end: end}
  inside:""",
    ).replace("implementation: inside\n        mult", "implementation: between\n        mult")
    assert receivers_of_settings(text) == ["outer.wrapped.coarse.muscle_settings_in"]


def test_settings_are_rejected_if_no_component_can_receive_them():
    text = ENSEMBLE.replace(
        "coarse: {description: x, ports: {", "coarse: {description: x, multiplicity: 2, ports: {"
    )
    message = problem_of(whole(text, PROGRAM))
    assert "'coarse' inside it is a set of instances. Give the model an f_init port" in message


def test_settings_are_rejected_if_a_component_receives_settings_from_elsewhere():
    text = ENSEMBLE.replace(
        "      coarse.ask", "      table: coarse.muscle_settings_in\n      coarse.ask"
    )
    message = problem_of(whole(text, PROGRAM))
    assert "'coarse' inside it already gets settings from elsewhere" in message
