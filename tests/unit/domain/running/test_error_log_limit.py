"""Client errors are logged, but a client cannot fill the log with them."""

from domain.running.error_log_limit import MAX_ERRORS, ErrorLogLimit


def logged(*errors: str) -> list[str]:
    lines: list[str] = []
    limit = ErrorLogLimit(lines.append)
    for error in errors:
        limit.note(error)
    return lines


def test_duplicate_error_is_logged_once():
    assert logged("one", "other", "one") == ["one", "other"]


def test_errors_beyond_the_limit_are_suppressed():
    lines = logged(*(f"error {number}" for number in range(2 * MAX_ERRORS)))
    assert len(lines) == MAX_ERRORS + 1
    assert "suppressed" in lines[-1]
