"""Merging several files into one configuration."""

from tests.unit.adapters.ymmsl_files.models import (
    MACRO_MICRO,
    PROGRAM,
    load,
    problem_of,
    problems_of,
    warnings_of,
    whole,
)

OLD = """ymmsl_version: v0.1
model:
  name: m
  components:
    macro:
      implementation: p
      ports: {o_i: out, s: in}
    micro:
      implementation: p
      ports: {f_init: start, o_f: final}
  conduits:
    macro.out: micro.start
    micro.final: macro.in
implementations:
  p: {executable: /bin/true}
resources:
  micro: {threads: 2}
"""


def test_later_settings_take_precedence():
    first = whole("settings: {a: 1, b: 1}\n")
    second = whole("settings: {b: 2}\n")
    settings = load(first, whole(MACRO_MICRO, PROGRAM), second).settings
    assert settings.as_dict() == {"a": 1, "b": 2}


def test_v0_1_files_are_merged_by_the_rules_of_v0_1():
    other = "ymmsl_version: v0.1\nimplementations:\n  p: {executable: /bin/false}\n"
    assert load(OLD, other).programs["p"].executable == "/bin/false"


def test_files_of_both_versions_can_be_mixed():
    configuration = load(OLD, whole("settings: {a: 1}\n"))
    assert configuration.settings["a"] == 1
    assert configuration.resources["micro"].threads == 2


def test_models_in_two_files_are_rejected():
    message = problems_of(whole(MACRO_MICRO), whole(MACRO_MICRO, PROGRAM))[0]
    assert "There are models in more than one file" in message


def test_duplicate_program_in_two_files_is_rejected():
    message = problem_of(whole(MACRO_MICRO, PROGRAM), whole(PROGRAM))
    assert "program 'p' is already defined in the text given" in message


def test_guessed_ports_are_a_warning():
    text = "ymmsl_version: v0.1\nmodel:\n  name: m\n  components: {a: p, b: p}\n"
    text += "  conduits: {a.out: b.in}\nimplementations:\n  p: {executable: /bin/true}\n"
    first, second = warnings_of(text)
    assert "component 'a' has no 'ports'" in first
    assert first.endswith("write for it: 'ports: {o_i: out}'.")
    assert "component 'b' has no 'ports'" in second


def test_lossless_conversion_causes_no_warning():
    assert warnings_of(OLD) == []
