"""The text that a failed run ends with."""

from dataclasses import replace

from domain.running.events import RunFinished
from entrypoints._command_line.failure_text import MAX_LINE, describe_failure

RESULT = RunFinished(
    succeeded=False,
    cause="Instance 'micro' failed: it exited with code 1.\nThe last lines:\n    a mesh",
    output_directory="/run/micro",
)


def test_cause_is_printed_with_the_output_directory():
    assert describe_failure(RESULT) == (
        f"the simulation failed: {RESULT.cause}\nIts output is in /run/micro"
    )


def test_summary_is_printed_in_place_of_a_long_cause():
    result = replace(RESULT, summary="Instance 'micro' failed.")
    assert describe_failure(result) == (
        "the simulation failed: Instance 'micro' failed.\nIts output is in /run/micro"
    )


def test_output_directory_is_not_named_if_there_is_none():
    text = describe_failure(RunFinished(succeeded=False, cause="Node 'n' was lost."))
    assert text == "the simulation failed: Node 'n' was lost."


def test_long_lines_are_cut():
    assert len(describe_failure(replace(RESULT, cause="x" * 2**18))) < 3 * MAX_LINE
