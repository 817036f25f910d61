"""The text that a failed run ends with."""

from domain.running.events import RunFinished
from entrypoints._command_line.failure_text import MAX_LINE, describe_failure

RESULT = RunFinished(
    succeeded=False,
    cause="Instance 'micro' failed: it exited with code 1.\nThe last lines:\n    a mesh",
    output_directory="/run/micro",
)


def test_cause_is_printed_once_after_the_log():
    log = f"macro INFO macro: hello\nmanager ERROR manager: the simulation failed: {RESULT.cause}"
    assert describe_failure(RESULT, log) == (
        "The simulation failed. The last lines of the log:\n\nmacro INFO macro: hello\n\n"
        f"the simulation failed: {RESULT.cause}\nIts output is in /run/micro\n"
    )


def test_cause_is_printed_without_a_log():
    assert describe_failure(RESULT, "").startswith(f"the simulation failed: {RESULT.cause}")


def test_cause_is_that_of_the_result_if_the_log_has_another():
    log = "macro ERROR macro: the solver died"
    assert log in describe_failure(RESULT, log)
    assert RESULT.cause in describe_failure(RESULT, log)


def test_output_directory_is_not_named_if_there_is_none():
    text = describe_failure(RunFinished(succeeded=False, cause="Node 'n' was lost."), "")
    assert text == "the simulation failed: Node 'n' was lost.\n"


def test_long_lines_of_the_log_are_cut():
    assert len(describe_failure(RESULT, "x" * 2**18)) < 3 * MAX_LINE
