import pytest

from domain.running.agents import Exited, Killed, ProcessResult, process_end


@pytest.mark.parametrize(
    ("exit_code", "end", "text"),
    [
        (0, Exited(0), "exited with code 0"),
        (3, Exited(3), "exited with code 3"),
        (-9, Killed(9), "was killed by signal 9 (SIGKILL)"),
        (-40, Killed(40), "was killed by signal 40"),
    ],
)
def test_how_a_process_ended_is_told_in_words(exit_code: int, end: object, text: str) -> None:
    assert process_end(exit_code) == end
    assert ProcessResult("a", exit_code).end == end
    assert str(process_end(exit_code)) == text
