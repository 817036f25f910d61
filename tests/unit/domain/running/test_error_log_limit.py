"""Troubles with clients are told, but a client cannot fill the log with them."""

from domain.running.error_log_limit import MOST_TROUBLES, Troubles


def told(*troubles: str) -> list[str]:
    lines: list[str] = []
    report = Troubles(lines.append)
    for trouble in troubles:
        report.note(trouble)
    return lines


def test_the_same_trouble_is_told_once():
    assert told("one", "other", "one") == ["one", "other"]


def test_of_very_many_troubles_only_some_are_told():
    lines = told(*(f"trouble {number}" for number in range(2 * MOST_TROUBLES)))
    assert len(lines) == MOST_TROUBLES + 1
    assert "no more" in lines[-1]
