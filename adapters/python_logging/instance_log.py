"""Forwards a model's log records to the manager and keeps a local copy."""

from __future__ import annotations

import logging
import sys
from typing import Final, final

from application.interfaces.instance_log import InstanceLog
from application.interfaces.manager_link import ManagerLink
from domain.coupling.messages import LogRecord
from domain.running.log_levels import LogLevel

FORMAT: Final = "%(asctime)-15s: %(levelname)s %(name)s: %(message)s"


@final
class PythonInstanceLog(InstanceLog):
    """Connects Python's root logger to the manager's log.

    Records at or above the remote level go to the manager. Records at or above the local level go
    to the log file, if there is one, and otherwise to stderr unless the model configured logging.

    Args:
        instance: Name of the instance.
        link: Connection to the manager.
        log_file: File, or directory for a file `muscle3.<instance>.log`; None for no file.
    """

    def __init__(self, instance: str, link: ManagerLink, log_file: str | None) -> None:
        root = logging.getLogger()
        self._local: logging.Handler | None = None
        if log_file is not None:
            self._local = _file_handler(log_file, instance)
        elif not root.handlers:
            self._local = logging.StreamHandler(sys.stderr)
        if self._local is not None:
            self._local.setFormatter(logging.Formatter(FORMAT))
            root.addHandler(self._local)
        self._remote = _ManagerHandler(instance, link)
        root.addHandler(self._remote)
        self._logger = logging.getLogger("conjoin")
        self.set_levels(local="INFO", remote="WARNING")

    def log(self, level: LogLevel, text: str) -> None:
        self._logger.log(int(level), "%s", text)

    def set_levels(self, *, local: str, remote: str) -> None:
        levels = [_number_of(local), _number_of(remote)]
        if self._local is not None:
            self._local.setLevel(levels[0])
        self._remote.setLevel(levels[1])
        self._logger.setLevel(min(levels))


def _file_handler(log_file: str, instance: str) -> logging.Handler:
    from pathlib import Path  # imported lazily: takes 3 ms, and rarely needed

    path = Path(log_file)
    if path.is_dir():
        path /= f"muscle3.{instance}.log"
    return logging.FileHandler(path, mode="w", delay=True)


class _ManagerHandler(logging.Handler):
    def __init__(self, instance: str, link: ManagerLink) -> None:
        super().__init__()
        self._instance = instance
        self._link = link

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception:  # noqa: BLE001 - logging reports formatting errors itself
            self.handleError(record)
            return
        self._link.submit_log_message(
            LogRecord(self._instance, record.created, record.levelno, text)
        )


def _number_of(level: str) -> LogLevel:
    try:
        return LogLevel[level.upper()]
    except KeyError:
        msg = f"unknown log level '{level}'; use one of {', '.join(LogLevel.__members__)}"
        raise ValueError(msg) from None
