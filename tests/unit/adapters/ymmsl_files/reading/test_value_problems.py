"""Each error in a file has its line, its key, and what to write.

The rows of `broken_files` cover the keys of v0.1 and v0.2: of the wrong type, missing, misspelt and
misplaced.
"""

import pytest

from adapters.ymmsl_files.reading.documents import read_documents
from tests.unit.adapters.ymmsl_files.reading.broken_files import (
    BROKEN_V01,
    BROKEN_V02,
    VALID_V01,
    VALID_V02,
)


def problems_in(text):
    return read_documents([text], [])[1]


@pytest.mark.parametrize("text", [VALID_V01, VALID_V02])
def test_valid_file_has_no_error(text):
    assert problems_in(text) == []


@pytest.mark.parametrize(
    ("valid", "row"),
    [(VALID_V02, row) for row in BROKEN_V02] + [(VALID_V01, row) for row in BROKEN_V01],
)
def test_error_in_a_file_has_line_key_and_advice(valid, row):
    old, new, line, key, advice = row
    assert old in valid
    (problem,) = problems_in(valid.replace(old, new, 1))
    path, _, name = key.rpartition(".")
    key_is_named = f"'{key}'" in problem or f"unknown key '{name}'" in problem
    assert problem.startswith(f"the text given, line {line}: ")
    assert key_is_named
    assert path in problem
    assert problem.endswith(advice)


def test_corpus_of_broken_files_is_large():
    assert len(BROKEN_V01) + len(BROKEN_V02) > 250


def test_independent_errors_are_reported_together():
    text = (
        VALID_V02.replace("threads: 4", "threads: four")
        .replace("optional: true", "optinal: true")
        .replace("macro.dt: 0.1", "macro.dt: 4.0.0")
    )
    lines = [problem.split(":")[0] for problem in problems_in(text)]
    assert lines == [f"the text given, line {number}" for number in (24, 33, 57)]


@pytest.mark.parametrize(
    ("old", "new", "line", "advice"),
    [
        ("description: A model", "description: A: model", 2, "contains ': ' in quotes"),
        ("description: A model", "description: @model", 2, "begins with this character in quotes"),
        ("description: A model", "description: *model", 2, "begins with '*' in quotes"),
        ("    args: macro.py", "\targs: macro.py", 49, "Indent with spaces instead of tabs."),
        ("  - at: [1, 2]", "  - at: [1, 2", 69, "Close the bracket, or add a comma."),
        ("description: A model", 'description: "A \\d model"', 2, "Use single quotes"),
        ("  macro: /snapshot.pack", "  macro: '/snapshot.pack", 71, "Close the quotes"),
    ],
)
def test_syntax_error_has_its_line_and_advice(old, new, line, advice):
    (problem,) = problems_in(VALID_V02.replace(old, new, 1))
    assert problem.startswith(f"the text given, line {line}, column ")
    assert advice in problem


def test_syntax_error_quotes_the_line():
    (problem,) = problems_in("ymmsl_version: v0.2\nsettings:\n  version: -\n")
    assert ", line 3, column 12: this is not valid YAML, in 'version: -':" in problem


@pytest.mark.parametrize(
    ("version", "section", "example"),
    [
        ("v0.2", "models", "models: {my_model: {…}}"),
        ("v0.2", "programs", "my_program: {executable: python"),
        ("v0.2", "resources", "macro: {threads: 4}"),
        ("v0.2", "checkpoints", "checkpoints: {simulation_time: [{every: 10}]}"),
        ("v0.1", "model", "model: {name: my_model, components: {…}}"),
        ("v0.1", "implementations", "my_program: {executable: python"),
        ("v0.1", "settings", "settings: {macro.dt: 0.1}"),
    ],
)
def test_section_that_is_not_a_mapping_has_line_key_and_advice(version, section, example):
    (problem,) = problems_in(f"ymmsl_version: {version}\n{section}: 3\n")
    assert problem.startswith(f"the text given, line 2: '{section}' must be a mapping")
    assert example in problem
