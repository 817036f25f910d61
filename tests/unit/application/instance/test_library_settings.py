"""Settings for the library itself."""

import pytest

from adapters.in_memory.instance_log import InMemoryInstanceLog
from application.instance.library_settings import apply_library_settings
from domain.coupling.settings import checked_value
from domain.errors import CouplingError


class FakeTarget:
    """Stands in for the patient receiver and for the profiler."""

    is_on = True
    timeout: "float | None" = None
    queue_size: "int | None" = None

    def set_timeout(self, seconds: float) -> None:
        self.timeout = seconds

    def limit_queues(self, size: int) -> None:
        self.queue_size = size


def apply(**settings: object) -> "tuple[FakeTarget, InMemoryInstanceLog]":
    def get_setting(name, typ, default):
        return checked_value(name, settings[name], typ) if name in settings else default()

    target, log = FakeTarget(), InMemoryInstanceLog()
    apply_library_settings(
        get_setting,
        waiting=target,
        limit_queues=target.limit_queues,
        profiler=target,
        log=log,
    )
    return target, log


def test_library_settings_have_defaults():
    target, log = apply()
    assert target.timeout == 10.0
    assert target.queue_size == 10**9
    assert target.is_on
    assert log.levels == ("INFO", "WARNING")


def test_library_settings_are_applied():
    target, log = apply(
        muscle_deadlock_receive_timeout=-1.0,
        muscle_queue_size=1000,
        muscle_profile_level="none",
        muscle_local_log_level="DEBUG",
        muscle_remote_log_level="ERROR",
    )
    assert target.timeout == -1.0
    assert target.queue_size == 1000
    assert not target.is_on
    assert log.levels == ("DEBUG", "ERROR")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("muscle_deadlock_receive_timeout", "soon", "muscle_deadlock_receive_timeout"),
        ("muscle_queue_size", -1, "must be a number of bytes, but it is -1"),
        ("muscle_queue_size", 0.5, "muscle_queue_size"),
        ("muscle_profile_level", "some", "must be 'none' or 'all', but it is 'some'"),
        ("muscle_local_log_level", "LOUD", "must be one of DISABLE, CRITICAL.*'LOUD'"),
        ("muscle_remote_log_level", 3, "muscle_remote_log_level"),
    ],
)
def test_invalid_library_setting_is_rejected_by_name(name: str, value: object, text: str):
    with pytest.raises(CouplingError, match=text):
        apply(**{name: value})
