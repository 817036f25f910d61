"""Limits on the size of YAML documents: alias bombs, nesting, and large files."""

import pytest
import yaml

from adapters.ymmsl_files import yaml_limits
from adapters.ymmsl_files.source import YmmslConfigurationSource
from adapters.ymmsl_files.writing.workflow_snapshot_file import YmmslWorkflowSnapshotFormat
from adapters.ymmsl_files.yaml_limits import MAX_DEPTH, check_size, composed
from domain.errors import ConfigurationError
from tests.unit.adapters.ymmsl_files.models import MACRO_MICRO, PROGRAM, load, problem_of, whole


def bomb(levels=9, width=10):
    """Return YAML whose aliases expand to `width ** levels` values."""
    lines = [f"a0: &a0 [{', '.join(['x'] * width)}]"]
    for level in range(1, levels):
        items = ", ".join([f"*a{level - 1}"] * width)
        lines.append(f"a{level}: &a{level} [{items}]")
    return "\n".join(lines) + "\n"


def test_alias_bomb_in_a_configuration_is_rejected_with_file_and_line(tmp_path):
    file = tmp_path / "bomb.ymmsl"
    file.write_text(f"ymmsl_version: v0.2\ndescription: harmless\n{bomb()}")
    found = problem_of(file)
    assert f"{file}, line 8: the file has more than 1,000,000 values" in found


def test_alias_bomb_of_merge_keys_is_rejected():
    lines = ["a0: &a0 {k: 1}"]
    for level in range(1, 25):
        lines.append(f"a{level}: &a{level} {{<<: [*a{level - 1}, *a{level - 1}]}}")
    with pytest.raises(ConfigurationError, match="line 18: the file has more than"):
        check_size("\n".join(lines), "f")


def test_alias_bomb_in_an_imported_module_is_rejected(tmp_path, monkeypatch):
    module = tmp_path / "lib.ymmsl"
    module.write_text(f"ymmsl_version: v0.2\n{bomb()}")
    monkeypatch.setenv("YMMSL_PATH", str(tmp_path))
    text = whole(MACRO_MICRO, PROGRAM, "imports:\n  - from lib import implementation x\n")
    with pytest.raises(ConfigurationError, match=f"{module}, line 7"):
        YmmslConfigurationSource().load([text])


def test_alias_bomb_in_a_workflow_snapshot_is_rejected():
    with pytest.raises(ConfigurationError, match="more than 1,000,000 values"):
        YmmslWorkflowSnapshotFormat().load(f"resume: {{}}\n{bomb()}")


def test_alias_that_contains_itself_is_rejected():
    with pytest.raises(ConfigurationError, match=r"f, line 2: the alias '\*a' stands for its own"):
        check_size("a: &a\n  b: [*a]\n", "f")


def test_ordinary_anchors_and_aliases_are_accepted():
    settings = "settings: &s\n  a: 1\n"
    program = "programs:\n  macro: &p\n    executable: /bin/true\n    env: &e {A: b}\n"
    program += "  micro: {<<: *p, env: *e}\n"
    assert composed(settings + program, "f") is not None
    text = whole(MACRO_MICRO, PROGRAM, "settings:\n  a: &a [1.0, 2.0]\n  b: *a\n")
    assert load(text).settings.as_dict() == {"a": [1.0, 2.0], "b": [1.0, 2.0]}


def test_alias_of_a_value_that_was_anchored_twice_counts_the_last_anchor():
    check_size("a: &a [1, 2]\nb: &a 3\nc: [*a, *a]\n", "f")


@pytest.mark.parametrize("text", ["[" * 100000, "- " * 500 + "x", "{a: " * 500])
def test_deep_nesting_is_rejected_before_the_stack_is_exhausted(text):
    with pytest.raises((ConfigurationError, yaml.YAMLError)) as caught:
        check_size(text, "f")
    assert "nest" in str(caught.value)


def test_deep_nesting_in_a_configuration_is_rejected_with_its_line():
    deep = "settings:\n  a: " + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1) + "\n"
    assert f"more than {MAX_DEPTH} levels" in problem_of(f"ymmsl_version: v0.2\n{deep}")


def test_deeply_nested_comment_of_a_workflow_snapshot_is_ignored():
    text = f"# model: {'[' * 100000}\nresume: {{macro: /a}}\n"
    assert YmmslWorkflowSnapshotFormat().load(text).resume


def test_large_file_is_rejected_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(yaml_limits, "MAX_CHARACTERS", 2**20)
    with pytest.raises(ConfigurationError, match="f: it is larger than 1 MB"):
        check_size("a" * (2**20 + 1), "f")
