import pytest

from domain.running.process_end import (
    SUCCESS,
    Exited,
    Killed,
    NeverStarted,
    NodeLost,
    ProcessEnd,
    from_return_code,
)


@pytest.mark.parametrize(
    ("end", "text"),
    [
        (Exited(0), "exited with code 0"),
        (Exited(3), "exited with code 3"),
        (Killed(9), "was killed by signal 9 (SIGKILL)"),
        (Killed(40), "was killed by signal 40"),
        (NeverStarted("No such file"), "could not be started: No such file"),
        (NodeLost("node 'n' was lost: gone"), "ended because node 'n' was lost: gone"),
    ],
)
def test_process_end_completes_a_sentence(end: ProcessEnd, text: str) -> None:
    assert str(end) == text


@pytest.mark.parametrize(
    ("return_code", "end"), [(0, SUCCESS), (3, Exited(3)), (255, Exited(255)), (-9, Killed(9))]
)
def test_return_code_of_subprocess_is_translated(return_code: int, end: ProcessEnd) -> None:
    assert from_return_code(return_code) == end


@pytest.mark.parametrize("end", [Exited(1), Killed(15), NeverStarted(""), NodeLost("")])
def test_success_is_exit_code_0_only(end: ProcessEnd) -> None:
    assert end != SUCCESS
