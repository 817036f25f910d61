"""Workflow snapshot files as users read and edit them, and files of other versions."""

from pathlib import Path

import pytest

from adapters.ymmsl_files.source import YmmslConfigurationSource
from adapters.ymmsl_files.writing.workflow_snapshot_file import YmmslWorkflowSnapshotFormat
from domain.checkpointing.workflow_snapshot import WorkflowSnapshotRecord
from domain.errors import ConfigurationError
from domain.identity import Reference
from domain.model.configuration import ResumeOrigin

FORM = YmmslWorkflowSnapshotFormat()
MACRO = Reference("macro")
RECORDED = Path(__file__).parents[1] / "recorded"
MODEL = """ymmsl_version: v0.2
description: A model
models:
  m:
    description: A model
    components:
      macro: {description: x, ports: {}, implementation: p}
programs:
  p: {description: x, executable: /bin/true}
"""


def test_file_has_a_header_in_comments_and_the_description_as_a_block():
    record = WorkflowSnapshotRecord(
        {MACRO: "/run/macro_1.pack", Reference("m[0]"): "x"},
        ResumeOrigin("reactor", frozenset({"probe[3]", "mixer"})),
        "2026-11-20 22:48:39+01:00",
        "two\nlines\n",
    )
    first_line, _, rest = FORM.dump(record).partition("\n")
    assert first_line.startswith("# checksum: ")
    assert rest == (
        '# model: "reactor"\n'
        '# taken: "2026-11-20 22:48:39+01:00"\n'
        '# from_scratch: ["mixer", "probe[3]"]\n'
        "ymmsl_version: v0.2\n"
        "description: |\n"
        "  two\n"
        "  lines\n"
        "resume:\n"
        "  macro: '/run/macro_1.pack'\n"
        "  m[0]: x\n"
    )


@pytest.mark.parametrize(
    ("name", "origin", "taken", "instances"),
    [
        (
            "conjoin_without_header",
            ResumeOrigin("filter_last_late", frozenset({"micro"})),
            "2026-11-28 10:03:22+00:00",
            ["macro", "meso", "recorder"],
        ),
        ("muscle3_0_11", ResumeOrigin("checkpoints"), "", ["macro", "micro"]),
        ("muscle3_0_10", ResumeOrigin("checkpoints"), "", ["macro", "micro"]),
    ],
)
def test_recorded_file_without_a_header_is_read_from_its_description(
    name, origin, taken, instances
):
    record = FORM.load((RECORDED / f"{name}.ymmsl").read_text())
    assert (record.origin, record.taken) == (origin, taken)
    assert list(record.resume) == instances


def test_recorded_file_of_an_older_conjoin_is_still_protected_by_its_checksum():
    text = (RECORDED / "conjoin_without_header.ymmsl").read_text()
    with pytest.raises(ConfigurationError, match="its checksum does not match"):
        FORM.load(text.replace("From scratch", "from scratch"))


def test_file_written_by_hand_needs_no_description():
    text = "ymmsl_version: v0.2\nresume: {macro: /run/macro_1.pack}\n"
    assert FORM.load(text) == WorkflowSnapshotRecord({MACRO: "/run/macro_1.pack"})


@pytest.mark.parametrize("model_first", [True, False])
def test_header_is_read_when_the_file_is_merged_with_the_model(model_first):
    origin = ResumeOrigin("reactor", frozenset({"mixer"}))
    snapshot = FORM.dump(WorkflowSnapshotRecord({MACRO: "/macro_1.pack"}, origin))
    sources = [MODEL, snapshot] if model_first else [snapshot, MODEL]
    configuration = YmmslConfigurationSource().load(sources)
    assert configuration.resume_origin == origin


def test_origin_of_a_merged_file_without_a_header_is_unknown():
    text = "ymmsl_version: v0.2\nresume: {macro: /run/macro_1.pack}\n"
    assert YmmslConfigurationSource().load([MODEL, text]).resume_origin is None


@pytest.mark.parametrize(
    "text", ["ymmsl_version: v0.2\n", "resume: {macro: 3}", "resume: {a b: x}"]
)
def test_file_without_a_valid_resume_section_is_rejected(text):
    with pytest.raises(ConfigurationError, match="no valid list of snapshots to resume from"):
        FORM.load(text)


def test_yaml_that_could_run_code_is_rejected():
    with pytest.raises(ConfigurationError):
        FORM.load("resume: !!python/object/apply:os.getcwd []")
