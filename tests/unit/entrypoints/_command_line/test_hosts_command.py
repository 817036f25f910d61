"""Tests of the table of `conjoin hosts check`."""

from entrypoints._command_line.hosts_command import format_table


def test_columns_of_a_table_are_aligned():
    rows = [["host", "python"], ["a", "3.12.1"], ["longer", "-"]]
    assert format_table(rows).splitlines() == ["host    python", "a       3.12.1", "longer  -"]
