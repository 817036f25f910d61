"""The options of a run of the task runtime."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Final

from domain.runtime.placement import DEFAULT_PLACEMENT, Strategy

_SYNONYMS: Final = {"workers": "num_workers", "threads": "num_threads", "nodes": "num_nodes"}


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of `run`, `init` and `interactive`.

    Attributes:
        num_workers: Number of workers on each node; by default one for each `num_threads` cores.
        num_threads: Number of threads that numerical libraries use in each worker.
        num_nodes: Number of nodes.
        engine: `embedded` or `inline`.
        launcher: Starts agents on several nodes.
        log_level: The lowest level of the log: debug, perf, info, warning, error.
        run_directory: Directory for logs, the profile, and spilled values.
        worker_memory: Number of bytes that a worker may use.
        warehouse_memory: Number of bytes that stored values may occupy on each node.
        spill_directory: Directory for stored values that do not fit.
        placement: How workers are chosen.
        max_worker_restarts: How often each lost worker is replaced.
        profile: Whether the profile is written.
    """

    num_workers: int | None = None
    num_threads: int = 1
    num_nodes: int = 1
    engine: str = "embedded"
    launcher: object = None
    log_level: str = "info"
    run_directory: str | os.PathLike[str] | None = None
    worker_memory: int | None = None
    warehouse_memory: int | None = None
    spill_directory: str | os.PathLike[str] | None = None
    placement: str | Strategy = DEFAULT_PLACEMENT
    max_worker_restarts: int = 3
    profile: bool = True

    @property
    def total_workers(self) -> int:
        """The number of workers on each node."""
        if self.num_workers is not None:
            return self.num_workers
        return max(1, _cores() // self.num_threads)


def run_options(**keywords: object) -> RunOptions:
    """Return the options in keywords, in which `workers`, `threads` and `nodes` are synonyms.

    Raises:
        TypeError: An option does not exist, or is given twice.
        ValueError: An option has a value that it cannot have.
    """
    for synonym, name in _SYNONYMS.items():
        if synonym in keywords:
            if name in keywords:
                msg = f"'{synonym}' and '{name}' are the same option: give one of them"
                raise TypeError(msg)
            keywords[name] = keywords.pop(synonym)
    known = {field.name for field in fields(RunOptions)}
    unknown = sorted(set(keywords) - known)
    if unknown:
        msg = f"Option '{unknown[0]}' does not exist. The options are {', '.join(sorted(known))}"
        raise TypeError(msg)
    options = replace(RunOptions(), **keywords)  # type: ignore[arg-type]
    for name in ("num_workers", "num_threads", "num_nodes"):
        value = getattr(options, name)
        if value is not None and (not isinstance(value, int) or value < 1):
            msg = f"'{name}' is {value!r}, but must be a positive whole number"
            raise ValueError(msg)
    return options


def _cores() -> int:
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
