"""Applies the settings for the library itself, as opposed to the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from application.instance.patient_receiver import DEFAULT_TIMEOUT, PatientReceiver
from application.instance.patient_sender import DEFAULT_QUEUE_SIZE
from application.instance.profiler import Profiler
from application.interfaces.instance_log import InstanceLog
from domain.coupling.settings import SettingValue
from domain.errors import UsageError
from domain.running.log_levels import LogLevel


class GetSetting(Protocol):
    """Returns a setting of a given type, or a default."""

    def __call__(
        self, name: str, typ: str | None, default: Callable[[], SettingValue]
    ) -> SettingValue:
        """Return the value of the setting."""


def apply_library_settings(
    get_setting: GetSetting,
    *,
    waiting: PatientReceiver,
    limit_queues: Callable[[int], None],
    profiler: Profiler,
    log: InstanceLog,
) -> None:
    """Apply the settings whose names begin with `muscle_`.

    Args:
        get_setting: Returns the settings of this instance.
        waiting: Receives the timeout for deadlocks.
        limit_queues: Sets how many bytes may wait for one receiver.
        profiler: Is switched on or off.
        log: Receives the log levels.

    Raises:
        CouplingError: If a setting has the wrong type or an invalid value.
    """
    timeout = get_setting("muscle_deadlock_receive_timeout", "float", lambda: DEFAULT_TIMEOUT)
    assert isinstance(timeout, float)
    waiting.set_timeout(timeout)
    size = get_setting("muscle_queue_size", "int", lambda: DEFAULT_QUEUE_SIZE)
    if not isinstance(size, int) or size < 0:
        msg = f"Setting 'muscle_queue_size' must be a number of bytes, but it is {size!r}."
        raise UsageError(msg)
    limit_queues(size)
    level = get_setting("muscle_profile_level", "str", lambda: "all")
    if level not in ("none", "all"):
        msg = f"Setting 'muscle_profile_level' must be 'none' or 'all', but it is '{level}'."
        raise UsageError(msg)
    profiler.is_on = level == "all"
    local = get_setting("muscle_local_log_level", "str", lambda: "INFO")
    remote = get_setting("muscle_remote_log_level", "str", lambda: "WARNING")
    try:
        log.set_levels(local=str(local), remote=str(remote))
    except ValueError as error:
        msg = (
            "Settings 'muscle_local_log_level' and 'muscle_remote_log_level' must be one of"
            f" {', '.join(LogLevel.__members__)}: {error}"
        )
        raise UsageError(msg) from error
