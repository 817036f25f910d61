"""The file that a simulation is resumed from, as users read and edit it."""

import pytest

from adapters.ymmsl_files.writing.workflow_snapshot_file import YmmslWorkflowSnapshotFormat
from domain.errors import ConfigurationError
from domain.identity import Reference

FORM = YmmslWorkflowSnapshotFormat()
MACRO = Reference("macro")


def test_it_is_yaml_with_the_description_as_a_block():
    text = FORM.dump("two\nlines\n", {MACRO: "/run/macro_1.pack", Reference("m[0]"): "x"})
    first_line, _, rest = text.partition("\n")
    assert first_line.startswith("# checksum: ")
    assert rest == (
        "ymmsl_version: v0.2\n"
        "description: |\n"
        "  two\n"
        "  lines\n"
        "resume:\n"
        "  macro: '/run/macro_1.pack'\n"
        "  m[0]: x\n"
    )


def test_one_that_was_written_by_hand_needs_no_description():
    text = "ymmsl_version: v0.2\nresume: {macro: /run/macro_1.pack}\n"
    assert FORM.load(text) == ("", {MACRO: "/run/macro_1.pack"})


@pytest.mark.parametrize(
    "text", ["ymmsl_version: v0.2\n", "resume: {macro: 3}", "resume: {a b: x}"]
)
def test_what_lacks_snapshots_is_told(text):
    with pytest.raises(ConfigurationError, match="there is no list of snapshots to resume from"):
        FORM.load(text)


def test_what_could_run_code_is_refused():
    with pytest.raises(ConfigurationError):
        FORM.load("resume: !!python/object/apply:os.getcwd []")
