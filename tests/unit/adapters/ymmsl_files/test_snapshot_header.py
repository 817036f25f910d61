"""Comment lines that describe a workflow snapshot."""

import pytest

from adapters.ymmsl_files.snapshot_header import SnapshotHeader, dump_header, load_header
from domain.model.configuration import ResumeOrigin

HEADER = SnapshotHeader(
    ResumeOrigin("outer.m", frozenset({"micro[0]", "late"})), "2026-11-20 22:48:39+01:00"
)


@pytest.mark.parametrize(
    "header", [HEADER, SnapshotHeader(), SnapshotHeader(ResumeOrigin()), SnapshotHeader(taken="x")]
)
def test_header_round_trips(header):
    assert load_header(dump_header(header) + "ymmsl_version: v0.2\n") == header


def test_header_consists_of_comments():
    assert all(line.startswith("# ") for line in dump_header(HEADER).splitlines())


def test_other_comments_are_ignored():
    text = f"# checksum: 12\n# my best run\n{dump_header(HEADER)}# model of the year\na: b\n"
    assert load_header(text) == HEADER


def test_indented_text_is_not_part_of_the_header():
    assert load_header('description: |\n  # model: "m"\n') == SnapshotHeader()


@pytest.mark.parametrize("value", ["", "m", "3", "[", "null", '{"a": 1}'])
def test_invalid_value_is_ignored(value):
    assert load_header(f"# model: {value}\n# taken: {value}\n") == SnapshotHeader()


def test_missing_line_leaves_the_others_valid():
    assert load_header('# from_scratch: ["late"]\n') == SnapshotHeader(
        ResumeOrigin("", frozenset({"late"}))
    )
