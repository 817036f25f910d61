"""When a failed task runs again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FIRST_DELAY: Final = 0.1
LONGEST_DELAY: Final = 10.0
MOST_LOST_WORKERS: Final = 3


def retry_delay(attempt: int) -> float:
    """Return the seconds to wait before a retry.

    Args:
        attempt: How many attempts have failed, at least 1.
    """
    # The exponent is limited, because a large power of two does not fit in a float.
    return min(FIRST_DELAY * 2.0 ** min(attempt - 1, 30), LONGEST_DELAY)


@dataclass(slots=True)
class Attempts:
    """Counts how often a task failed, by errors and losses of its worker together.

    Attributes:
        max_retries: How often it may run again.
        failed: How many attempts have failed.
        lost_workers: How many of them ended with the loss of the worker.
    """

    max_retries: int = 0
    failed: int = 0
    lost_workers: int = 0

    def fail(self) -> float | None:
        """Count an error, and return the delay before the retry; None if there is none."""
        self.failed += 1
        return retry_delay(self.failed) if self._may_retry else None

    def lose_worker(self) -> float | None:
        """Count the loss of the worker while the task ran, and return the delay as `fail` does.

        A task that ran while three workers died is not tried on a fourth.
        """
        self.lost_workers += 1
        return self.fail()

    @property
    def _may_retry(self) -> bool:
        return self.failed <= self.max_retries and self.lost_workers < MOST_LOST_WORKERS
