"""Runs a whole simulation of Python functions from one program, for tests and notebooks."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from adapters.filesystem.last_lines import last_lines
from adapters.filesystem.output_pipe import OutputPipe
from adapters.ymmsl_files.source import YmmslConfigurationSource
from domain.errors import InstanceFailed
from domain.model.configuration import Configuration
from domain.running.events import InstanceState, RunEvent, RunFinished
from entrypoints._manager.manager_api import Manager
from entrypoints._simulation.function_programs import Function, with_functions
from entrypoints.options import ManagerOptions

MOST_ERROR_LINES = 1000


KEPT_FILES = ("performance.sqlite", "muscle3_manager.log")


def run_simulation(configuration: object, implementations: Mapping[str, Function]) -> RunFinished:
    """Run a simulation until it ends. See `entrypoints.instance.run_simulation`."""
    flat = _flat(configuration)
    with (
        tempfile.TemporaryDirectory(prefix="conjoin-", ignore_cleanup_errors=True) as folder,
        OutputPipe(Path(folder, "output")) as output,
    ):
        run_dir = Path(folder, "run")
        run_dir.mkdir()
        flat = with_functions(flat, implementations, directory=Path(folder), output=output.path)
        try:
            result = _run(flat, run_dir, output)
        finally:
            _keep_files(run_dir)
    if not result.succeeded:
        raise InstanceFailed(_failure_message(result), result.failed_instances)
    return result


def _keep_files(run_dir: Path) -> None:
    """Copy the profile and the log of the run to the working directory, as MUSCLE3 does."""
    for name in KEPT_FILES:
        # a failed copy, such as to a full disk, must not hide the result
        with suppress(OSError):
            shutil.copyfile(run_dir / name, name)


def _flat(configuration: object) -> Configuration:
    source = YmmslConfigurationSource(programs_required=False, imports_allowed=False)
    sources = configuration if isinstance(configuration, (list, tuple)) else [configuration]
    return source.load(sources)


def _run(configuration: Configuration, run_dir: Path, output: OutputPipe) -> RunFinished:
    options = ManagerOptions(starts_all=True)
    with Manager(configuration, run_dir=run_dir, options=options) as manager:

        def note(event: RunEvent) -> None:
            if isinstance(event, RunFinished):
                output.no_more()

        manager.subscribe(note)
        manager.start_all()
        # print on this thread, so that the output appears under the notebook cell that is running
        for text in output.texts():
            sys.stdout.write(text)
        result = manager.wait()
        assert result is not None
        _show_warnings(manager)
    return result


def _show_warnings(manager: Manager) -> None:
    # skip failed instances: the error contains their output, or matters more
    for status in manager.status():
        if status.state is InstanceState.FINISHED:
            path = manager.run_directory / "instances" / status.instance / "stderr.txt"
            text = last_lines(path, MOST_ERROR_LINES)
            if text:
                sys.stderr.write(f"{text}\n")


def _failure_message(result: RunFinished) -> str:
    if not result.failed_instances:
        return f"The simulation failed: {result.cause}"
    names = ", ".join(f"'{name}'" for name in result.failed_instances)
    return f"The simulation failed, at instance(s) {names}.\n{result.cause}"
