import asyncio
from unittest.mock import Mock

import pytest

from adapters.embedded import members
from adapters.embedded.members import Member
from domain.runtime.hosts import Host, HostPlan, LossKind


@pytest.fixture
def member(monkeypatch):
    loop = asyncio.new_event_loop()
    host = Host("worker:0:0@00000001", HostPlan("worker", (0, 0)))
    yield Member(host, Mock(), loop.create_future(), oom_kills=3)
    loop.close()


@pytest.fixture(autouse=True)
def kills(monkeypatch):
    """Set how many processes the kernel has killed."""
    counts = [3]
    monkeypatch.setattr(members, "count_oom_kills", lambda: counts[0])
    return counts


def test_exit_code_is_the_reason(member):
    reason = member.reason(3, ["last"])
    assert (reason.kind, reason.exit_code, reason.last_lines) == (LossKind.EXITED, 3, ("last",))


def test_signal_is_the_reason(member):
    reason = member.reason(-11, [])
    assert (reason.kind, reason.signal) == (LossKind.KILLED, 11)
    assert reason.text == "was killed by signal 11 (SIGSEGV)"


def test_lack_of_memory_is_the_reason_if_the_kernel_has_killed_since_the_start(member, kills):
    assert member.reason(-9, []).kind is LossKind.KILLED
    kills[0] = 4
    reason = member.reason(-9, [])
    assert (reason.kind, reason.signal) == (LossKind.OUT_OF_MEMORY, 9)
    assert "memory ran out" in reason.text
    assert member.reason(-15, []).kind is LossKind.KILLED


def test_end_by_the_engine_is_the_reason(member):
    member.is_ending = True
    assert member.reason(-9, []).kind is LossKind.ENDED
