"""What every WorkflowSnapshotFormat promises."""

from abc import ABC, abstractmethod

import pytest

from adapters.in_memory.workflow_snapshot_format import InMemoryWorkflowSnapshotFormat
from adapters.ymmsl_files.writing.workflow_snapshot_file import YmmslWorkflowSnapshotFormat
from application.interfaces.snapshot_store import WorkflowSnapshotFormat
from domain.errors import ConfigurationError
from domain.identity import Reference

MACRO = Reference("macro")
MICRO = Reference("outer.micro[3][0]")


class WorkflowSnapshotFormatContract(ABC):
    """To be subclassed for each adapter."""

    @pytest.fixture
    @abstractmethod
    def form(self) -> WorkflowSnapshotFormat:
        """Return a format."""

    @pytest.mark.parametrize(
        "description",
        ["", "words", "two\nlines\n", "- a: list?\n  {b}\n", "é \N{SNOWMAN}", "1e5", "null", "'"],
    )
    def test_a_description_comes_back_as_it_was(self, form, description):
        assert form.load(form.dump(description, {MACRO: "x"}))[0] == description

    @pytest.mark.parametrize(
        "location",
        ["/run/macro_1.pack", "s3://bucket/a b: c#d", "1e5", "12", "true", "~", "", "é", "*x"],
    )
    def test_a_location_comes_back_as_it_was(self, form, location):
        assert form.load(form.dump("d", {MACRO: location}))[1] == {MACRO: location}

    def test_all_instances_come_back_in_their_order(self, form):
        resume = {MICRO: "/b", MACRO: "/a"}
        assert list(form.load(form.dump("d", resume))[1].items()) == list(resume.items())

    def test_there_may_be_no_instances(self, form):
        assert form.load(form.dump("d", {})) == ("d", {})

    @pytest.mark.parametrize("text", ["", "words", "[", "\0", "3", "a: b", "- a\n- b\n"])
    def test_another_text_is_refused(self, form, text):
        with pytest.raises(ConfigurationError):
            form.load(text)

    def test_a_text_that_was_cut_off_is_refused(self, form):
        whole = form.dump("d", {MACRO: "/a", MICRO: "/b"})
        for end in range(len(whole)):
            with pytest.raises(ConfigurationError):
                form.load(whole[:end])

    def test_a_text_in_which_any_bit_is_flipped_is_refused_or_says_the_same(self, form):
        said = ("Made on\n- at_end", {MACRO: "/run/macro_1.pack", MICRO: "/run/micro_2.pack"})
        whole = form.dump(*said).encode()
        refused = 0
        for bit in range(8 * len(whole)):
            damaged = bytearray(whole)
            damaged[bit // 8] ^= 1 << bit % 8
            try:
                assert form.load(damaged.decode()) == said
            except (ConfigurationError, UnicodeDecodeError):
                refused += 1
        assert refused > len(whole)


class TestInMemoryWorkflowSnapshotFormat(WorkflowSnapshotFormatContract):
    @pytest.fixture
    def form(self):
        return InMemoryWorkflowSnapshotFormat()


class TestYmmslWorkflowSnapshotFormat(WorkflowSnapshotFormatContract):
    @pytest.fixture
    def form(self):
        return YmmslWorkflowSnapshotFormat()

    def test_one_without_a_checksum_is_taken_as_it_is(self, form):
        _, _, rest = form.dump("d", {MACRO: "/a"}).partition("\n")
        assert form.load(rest.replace("/a", "/b")) == ("d", {MACRO: "/b"})

    @pytest.mark.parametrize("resume", ["3", "[a]", "null", "{a: 3}", "{a: null}", "{'a b': x}"])
    def test_a_resume_section_of_another_kind_is_refused(self, form, resume):
        with pytest.raises(ConfigurationError):
            form.load(f"ymmsl_version: v0.2\nresume: {resume}\n")
