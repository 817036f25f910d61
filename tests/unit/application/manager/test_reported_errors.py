"""Log messages that need not be shown, because the run's failure will be."""

import pytest

from application.manager.reported_errors import ReportedErrors
from domain.coupling.messages import LogRecord


@pytest.mark.parametrize(
    ("level", "text", "is_included"),
    [
        (40, "The mesh is inside out.", True),
        (50, "The mesh is inside out.\n", True),
        (30, "The mesh is inside out.", False),
        (40, "The solver did not converge.", False),
        (40, "connection with peer 'micro' was lost. Did the peer crash?", True),
        (30, "connection with peer 'micro' was lost. Did the peer crash?", False),
    ],
)
def test_error_that_repeats_the_report_or_blames_a_peer_is_included(
    level: int, text: str, *, is_included: bool
):
    errors = ReportedErrors()
    errors.note_report("micro", "The mesh is inside out.")
    assert errors.includes(LogRecord("micro", 0.0, level, text)) is is_included
    assert not errors.includes(LogRecord("macro", 0.0, level, "The mesh is inside out."))
