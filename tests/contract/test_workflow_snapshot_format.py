"""Contract of WorkflowSnapshotFormat."""

from abc import ABC, abstractmethod
from dataclasses import replace

import pytest

from adapters.in_memory.workflow_snapshot_format import InMemoryWorkflowSnapshotFormat
from adapters.ymmsl_files.writing.workflow_snapshot_file import YmmslWorkflowSnapshotFormat
from application.interfaces.workflow_snapshot_store import WorkflowSnapshotFormat
from domain.checkpointing.workflow_snapshot import WorkflowSnapshotRecord
from domain.errors import ConfigurationError
from domain.identity import Reference
from domain.model.configuration import ResumeOrigin

MACRO = Reference("macro")
MICRO = Reference("outer.micro[3][0]")
RECORD = WorkflowSnapshotRecord(
    {MACRO: "/run/macro_1.pack", MICRO: "/run/micro_2.pack"},
    ResumeOrigin("reactor", frozenset({"late", "micro[1]"})),
    "2026-11-20 22:48:39+01:00",
    "Made on\n- at_end",
)


class WorkflowSnapshotFormatContract(ABC):
    """Subclass it for each adapter."""

    @pytest.fixture
    @abstractmethod
    def form(self) -> WorkflowSnapshotFormat:
        """Return a format."""

    def test_record_round_trips(self, form):
        assert form.load(form.dump(RECORD)) == RECORD

    def test_empty_record_round_trips(self, form):
        assert form.load(form.dump(WorkflowSnapshotRecord())) == WorkflowSnapshotRecord()

    @pytest.mark.parametrize(
        "description",
        ["", "words", "two\nlines\n", "- a: list?\n  {b}\n", "é \N{SNOWMAN}", "1e5", "null", "'"],
    )
    def test_description_round_trips(self, form, description):
        record = replace(RECORD, description=description)
        assert form.load(form.dump(record)) == record

    @pytest.mark.parametrize(
        "location",
        ["/run/macro_1.pack", "s3://bucket/a b: c#d", "1e5", "12", "true", "~", "", "é", "*x"],
    )
    def test_location_round_trips(self, form, location):
        record = replace(RECORD, resume={MACRO: location})
        assert form.load(form.dump(record)) == record

    @pytest.mark.parametrize("name", ["", "m", "outer.m", "1e5", "null", "true", "no", "é"])
    def test_model_name_round_trips(self, form, name):
        record = replace(RECORD, origin=ResumeOrigin(name, frozenset({name})))
        assert form.load(form.dump(record)) == record

    def test_header_takes_precedence_over_the_description(self, form):
        description = (
            "Workflow snapshot for other taken on 2001-01-01 00:00:00+00:00.\n"
            "early     -           -               From scratch\n"
        )
        record = replace(RECORD, description=description)
        assert form.load(form.dump(record)) == record

    def test_instances_keep_their_order(self, form):
        resume = {MICRO: "/b", MACRO: "/a"}
        loaded = form.load(form.dump(replace(RECORD, resume=resume)))
        assert list(loaded.resume.items()) == list(resume.items())

    @pytest.mark.parametrize("text", ["", "words", "[", "\0", "3", "a: b", "- a\n- b\n"])
    def test_text_in_another_format_is_rejected(self, form, text):
        with pytest.raises(ConfigurationError):
            form.load(text)

    def test_truncated_text_is_rejected(self, form):
        whole = form.dump(RECORD)
        for end in range(len(whole)):
            with pytest.raises(ConfigurationError):
                form.load(whole[:end])

    def test_flipped_bit_is_detected_or_harmless(self, form):
        whole = form.dump(RECORD).encode()
        rejected = 0
        for bit in range(8 * len(whole)):
            damaged = bytearray(whole)
            damaged[bit // 8] ^= 1 << bit % 8
            try:
                assert form.load(damaged.decode()) == RECORD
            except (ConfigurationError, UnicodeDecodeError):
                rejected += 1
        assert rejected > len(whole)


class TestInMemoryWorkflowSnapshotFormat(WorkflowSnapshotFormatContract):
    @pytest.fixture
    def form(self):
        return InMemoryWorkflowSnapshotFormat()


class TestYmmslWorkflowSnapshotFormat(WorkflowSnapshotFormatContract):
    @pytest.fixture
    def form(self):
        return YmmslWorkflowSnapshotFormat()

    def test_edited_file_without_a_checksum_is_accepted(self, form):
        _, _, rest = form.dump(RECORD).partition("\n")
        edited = form.load(rest.replace("/run/macro_1.pack", "/b"))
        assert edited == replace(RECORD, resume={**RECORD.resume, MACRO: "/b"})

    @pytest.mark.parametrize("resume", ["3", "[a]", "null", "{a: 3}", "{a: null}", "{'a b': x}"])
    def test_invalid_resume_section_is_rejected(self, form, resume):
        with pytest.raises(ConfigurationError):
            form.load(f"ymmsl_version: v0.2\nresume: {resume}\n")
