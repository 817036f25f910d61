"""Checks of models: components, ports, conduits, implementations."""

import pytest

from adapters.ymmsl_files.source import YmmslConfigurationSource
from domain.identity import Reference
from domain.model.configuration import ExecutionModel
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


def changed(old: str, new: str, model: str = MACRO_MICRO) -> str:
    assert old in model
    return whole(model.replace(old, new), PROGRAM)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("micro.start", "mikro.start", "component 'mikro' does not exist. Did you mean 'micro'"),
        ("micro.start", "micro.strat", "'micro' has no port 'strat'. Did you mean 'start'?"),
        ("micro.start", "micro.final", "port 'final' of component 'micro' is declared under o_f"),
        ("micro.final:", "micro.start:", "declared under f_init, so it receives"),
        ("micro.final:", "final:", "model 'm' has no port 'final'"),
        ("micro.start", "micro.start[2]", "contains a subscript"),
        ("micro.start", "lst micro.start", "has the unknown filter 'lst'. Did you mean 'last'?"),
        ("micro.start", "pad last micro.start", "'pad' filter must come after 'last'"),
        ("o_i: out", "o_i: muscle_out", "starts with 'muscle_'"),
        ("s: in", "q: in", "contains 'q', which is not an operator"),
        ("s: in", "s: in in", "declares port 'in' twice, under 's'"),
        ("implementation: p}\n    cond", "implementation: pp}\n    cond", "Did you mean 'p'?"),
        ("o_f: final}", "o_f: final}, multiplicity: 0", "multiplicity [0]"),
    ],
)
def test_invalid_model_is_reported(old, new, message):
    assert message in " ".join(problems_of(changed(old, new)))


def test_conduit_is_quoted_as_in_the_file():
    message = problem_of(changed("micro.start", "mikro.start"))
    assert message.startswith(
        "the text given, line 10: in model 'm': conduit 'macro.out: mikro.start': component"
        " 'mikro' does not exist"
    )


def test_swapped_ends_of_a_conduit_are_reported_with_the_cure():
    text = changed("macro.out: micro.start", "micro.start: macro.out")
    (problem,) = problems_of(text)
    assert problem.endswith(
        "conduit 'micro.start: macro.out': its ends are swapped, since 'micro.start' receives and"
        " 'macro.out' sends. Write 'macro.out: micro.start'."
    )


def test_both_ends_of_a_conduit_are_checked():
    assert len(problems_of(changed("macro.out: micro.start", "x.y: z.w"))) == 2


def test_port_with_two_senders_is_rejected():
    text = changed("o_i: out", "o_i: out more").replace(
        "      micro.final", "      macro.more: micro.start\n      micro.final"
    )
    assert "'micro.start' receives from 'macro.out' and from 'macro.more'" in problem_of(text)


def test_program_must_declare_the_ports_of_its_component():
    program = "programs:\n  p: {description: x, executable: x, ports: {o_i: out, f_init: in}}\n"
    messages = problems_of(whole(MACRO_MICRO, program))
    assert any(
        "port 'in' of component 'macro' is s, but in program 'p'" in item for item in messages
    )
    assert any("'micro' has a port 'start', but program 'p'" in item for item in messages)


def test_model_must_have_the_ports_of_the_component_that_it_implements():
    text = changed("ports: {f_init: start, o_f: end}\n    comp", "ports: {}\n    comp", NESTED)
    assert any(
        "'outer' has a port 'start', but model 'inside'" in item for item in problems_of(text)
    )


def test_component_without_implementation_is_omitted_with_a_warning():
    text = changed("final}, implementation: p", "final}")
    configuration = load(text)
    assert list(configuration.model.components) == ["macro"]
    assert configuration.model.conduits == ()
    assert "component 'micro' has no implementation" in warnings_of(text)[0]


def test_optional_component_is_omitted_without_a_warning():
    text = changed("final}, implementation: p", "final}, optional: true")
    assert warnings_of(text) == []


def test_model_without_components_to_run_is_rejected():
    assert "has no component to run" in problem_of(changed(", implementation: p", ""))


def test_missing_programs_are_started_by_the_user_where_none_is_required():
    source = YmmslConfigurationSource(programs_required=False)
    programs = source.load([whole(MACRO_MICRO)]).programs
    assert programs["p"].execution_model is ExecutionModel.MANUAL


def test_component_without_implementation_is_started_by_hand_where_no_program_is_required():
    source = YmmslConfigurationSource(programs_required=False, manual_components=True)
    configuration = source.load([changed("final}, implementation: p", "final}")])
    assert configuration.is_started_by_hand(Reference("micro"))
    assert len(configuration.model.conduits) == 2
    assert source.warnings == []


def test_root_model_is_selected_by_name():
    text = changed("models:", "models:\n  other: {description: x, components: {}}")
    assert "2 models that could be run: other, m. Select one with '-m MODEL'" in problem_of(text)
    assert load(text, model="m").model.name == "m"


def test_unknown_model_is_reported():
    text = whole(MACRO_MICRO, PROGRAM)
    assert problem_of(text, model="other") == "Model 'other' does not exist. Valid names: m."


def test_missing_model_is_reported():
    assert "No model to run was found. Add 'models'" in problem_of(whole(PROGRAM))


def test_model_that_contains_itself_is_reported():
    text = changed("final}, implementation: p", "final}, implementation: m")
    message = problem_of(text)
    assert "each of m is the implementation of a component of another, or of itself" in message


def test_models_that_contain_each_other_are_reported():
    text = NESTED.replace("done}\n        implementation: p", "done}\n        implementation: loop")
    text += """
  loop:
    description: x
    ports: {f_init: go, o_f: done}
    components:
      again: {description: x, ports: {f_init: start, o_f: end}, implementation: inside}
    conduits: {go: again.start, again.end: done}
"""
    assert "Model 'inside' contains itself" in problem_of(whole(text, PROGRAM))


def test_program_and_model_of_the_same_name_are_reported():
    message = problem_of(whole(MACRO_MICRO, PROGRAM, "  m: {description: x, executable: x}\n"))
    assert "'m' is the name of both a program and a model" in message
