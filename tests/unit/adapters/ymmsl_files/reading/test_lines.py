"""Finds the lines of parts of models."""

import pytest
import yaml

from adapters.ymmsl_files.reading.lines import line_of, line_of_conduit

TREE = yaml.compose(
    """\
models:
  m:
    components:
      a:
        ports: {o_i: out}
    conduits:
      a.out: b.in
      a.out2:
      - c.in
      - repeat d.in
list:
- name: x
- name: y
  value: 3
"""
)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (["models", "m"], 2),
        (["models", "m", "components", "a"], 4),
        (["models", "m", "components", "a", "ports", "o_i"], 5),
        (["list", "y"], 13),
        (["list", "y", "value"], 14),
        (["models", "n", "components"], None),
        ([], None),
    ],
)
def test_line_of_a_part_is_found(path, line):
    assert line_of(TREE, path) == line


@pytest.mark.parametrize(
    ("sender", "receiver", "line"),
    [
        ("a.out", "b.in", 7),
        ("a.out2", "c.in", 9),
        ("a.out2", "d.in", 10),
        ("a.out2", "e.in", 8),
        ("z.out", "b.in", None),
    ],
)
def test_line_of_a_conduit_is_found(sender, receiver, line):
    assert line_of_conduit(TREE, ["models", "m", "conduits", sender], receiver) == line
