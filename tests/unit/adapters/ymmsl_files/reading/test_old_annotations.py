"""Timeline annotations that begin with a plus sign."""

import pytest

from tests.unit.adapters.ymmsl_files.models import MACRO_MICRO, PROGRAM, problem_of, whole

OLD = """ymmsl_version: v0.1
model:
  name: m
  components:
    a: {implementation: p, ports: {+a: {o_i: x}}}
"""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (
            whole(MACRO_MICRO.replace("{o_i: out, s: in}", "{+a: {o_i: out, s: in}}"), PROGRAM),
            "line 7: '+a' in 'models.m.components.macro.ports'",
        ),
        (
            whole(MACRO_MICRO, PROGRAM.replace("true}", "true, ports: {+a: {o_i: out}}}")),
            "line 13: '+a' in 'programs.p.ports'",
        ),
    ],
)
def test_old_annotation_is_reported_with_the_line_to_write(text, place):
    assert problem_of(text) == (
        f"the text given, {place} is an annotation of an earlier version: write 'timeline a:'."
    )


def test_old_annotation_in_a_v0_1_file_is_reported_with_the_advice_to_convert():
    message = problem_of(OLD)
    assert "line 5: '+a' in 'model.components.a.ports' is an annotation" in message
    assert "write 'timeline a:', in a v0.2 file (see 'conjoin convert')." in message


def test_plus_signs_elsewhere_are_no_annotations():
    program = PROGRAM.replace("true}", "true, env: {+PATH: x}}")
    text = whole(MACRO_MICRO, program.replace("/bin/true", "/none"), "settings: {b: {ports: 1}}\n")
    assert "annotation" not in problem_of(text)
