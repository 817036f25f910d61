import asyncio

from application.runtime.attempt_reports import FAILED, AttemptReports
from application.runtime.correspondence import Correspondence
from application.runtime.packing import Packing
from application.runtime.reception import Reception
from domain.runtime.payloads import Message
from domain.runtime.retries import Attempts


def serve(reports_of, failed):
    """Return attempts after a report of failures for task `t`."""
    reception = Reception(packing=Packing(pickler=None))
    reports = AttemptReports(correspondence=Correspondence(link=None), reception=reception)
    attempts = Attempts(max_retries=reports_of)
    report = Message(FAILED, {"task": "t", "failed": failed})
    reports.count("t", attempts)
    reply = asyncio.run(reception.handle("worker:0:0", report))
    assert reply.kind == "ok"
    return attempts


def test_reported_attempts_are_counted():
    assert serve(3, 2).failed == 2


def test_report_without_retries_is_ignored():
    assert serve(0, 2).failed == 0


def test_late_report_does_not_lower_the_count():
    reception = Reception(packing=Packing(pickler=None))
    reports = AttemptReports(correspondence=Correspondence(link=None), reception=reception)
    attempts = Attempts(max_retries=3, failed=2)
    reports.count("t", attempts)
    asyncio.run(reception.handle("w", Message(FAILED, {"task": "t", "failed": 1})))
    assert attempts.failed == 2
