"""The error of a cancelled task."""

from __future__ import annotations

import asyncio

from domain.runtime.task_errors import TaskError


class TaskCancelledError(TaskError, asyncio.CancelledError):
    """The task was cancelled. Also asyncio's CancelledError."""
