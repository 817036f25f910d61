"""Run a scenario with a choice of manager and, per program, of coupling library.

>>> run_scenario("macro_micro", manager="conjoin", libraries={"macro": "muscle3"}, tmp_path=tmp)
"""

import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Literal, TypeAlias

import psutil

from tests.support.muscle3 import CURRENT, PREVIOUS, require_muscle3

ManagerName: TypeAlias = Literal["conjoin", "muscle3", "muscle3_0_10"]
LibraryName: TypeAlias = Literal["conjoin", "muscle3", "muscle3_0_10"]

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
MARK = "CONJOIN_SCENARIO_RUN"
_MUSCLE3_VERSIONS = {"muscle3": CURRENT, "muscle3_0_10": PREVIOUS}
_GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ScenarioRun:
    """The outcome of a run.

    Attributes:
        exit_code: The manager's exit code, or None if it had to be killed.
        stdout: The manager's standard output.
        stderr: The manager's standard error.
        run_dir: The run directory.
        results: The observations of the program, per instance; see ``observations.py``.
        left_behind: Command lines of the processes that were still running at the end.
    """

    exit_code: int | None
    stdout: str
    stderr: str
    run_dir: Path
    results: Mapping[str, list[list[object]]]
    left_behind: tuple[str, ...]

    @property
    def manager_log(self) -> str:
        """The contents of the manager's log file."""
        return _text(self.run_dir / "muscle3_manager.log")

    def instance_stdout(self, instance: str) -> str:
        """Return the standard output of an instance."""
        return _text(self.run_dir / "instances" / instance / "stdout.txt")

    def instance_stderr(self, instance: str) -> str:
        """Return the standard error of an instance."""
        return _text(self.run_dir / "instances" / instance / "stderr.txt")

    def errors(self) -> dict[str, str]:
        """Return the messages of the exceptions that ended programs, per instance."""
        return {
            instance: str(event[2])
            for instance, events in self.results.items()
            for event in events
            if event[0] == "raised"
        }

    def account(self) -> str:
        """Return everything that helps to analyse a failure."""
        parts = [f"exit code {self.exit_code}, left behind: {self.left_behind}"]
        parts += ["--- manager's stdout", self.stdout, "--- manager's stderr", self.stderr]
        for folder in sorted((self.run_dir / "instances").glob("*")):
            parts += [f"--- {folder.name}", _text(folder / "stdout.txt")]
            parts += [_text(folder / "stderr.txt")]
        return "\n".join(parts)


def run_scenario(
    name: str,
    *,
    manager: ManagerName,
    libraries: LibraryName | Mapping[str, LibraryName],
    tmp_path: Path,
    timeout: float = 120.0,
    settings: Mapping[str, object] | None = None,
    checkpoints: Mapping[str, object] | None = None,
    resume: Path | None = None,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> ScenarioRun:
    """Run a scenario until it ends, or until a timeout.

    Args:
        name: The scenario: a file ``<name>.ymmsl`` in ``tests/scenarios``.
        manager: The implementation of the manager.
        libraries: The library of each program of the scenario, or one for all.
        tmp_path: An empty folder for all files.
        timeout: Seconds until all processes are killed.
        settings: Settings that replace those of the scenario; they are given to the manager in
            a second file.
        checkpoints: When to save, as in a yMMSL file; given in a separate file. The programs are
            replaced by those that can save their state.
        resume: A workflow snapshot to resume from; it is given to the manager as well.
        arguments: More arguments for the manager.
        environment: Variables to add for the manager.
    """
    files = [write_configuration(name, libraries=libraries, folder=tmp_path)]
    if settings:
        files.append(write_settings(settings, folder=tmp_path))
    if checkpoints:
        _let_programs_save(files[0])
        files.append(_write_ymmsl(tmp_path / "checkpoints.ymmsl", checkpoints=checkpoints))
    if resume:
        files.append(resume)
    run_dir = _new_folder(tmp_path / "run")
    results = _new_folder(tmp_path / "results")
    mark = uuid.uuid4().hex
    command = [*manager_command(manager), "--start-all", "--run-dir", str(run_dir), *arguments]
    exit_code = _run_to_the_end(
        [*command, *map(str, files)],
        folder=tmp_path,
        environment={
            **clean_environment(),
            **(environment or {}),
            "RESULT_DIR": str(results),
            MARK: mark,
        },
        timeout=timeout,
    )
    return ScenarioRun(
        exit_code=exit_code,
        stdout=_text(tmp_path / "manager_stdout.txt"),
        stderr=_text(tmp_path / "manager_stderr.txt"),
        run_dir=run_dir,
        left_behind=end_processes_marked(mark),
        results=read_results(results),
    )


def programs_of(name: str) -> tuple[str, ...]:
    """Return the names of the programs of a scenario, in alphabetical order."""
    text = (SCENARIOS / f"{name}.ymmsl").read_text()
    return tuple(sorted(set(re.findall(r"\$\{python_(\w+)\}", text))))


def write_configuration(
    name: str, *, libraries: LibraryName | Mapping[str, LibraryName], folder: Path
) -> Path:
    """Fill in a scenario's template; return the file that was written."""
    values = {"programs": str(SCENARIOS / "programs")}
    for program in programs_of(name):
        library = libraries if isinstance(libraries, str) else libraries[program]
        values[f"python_{program}"] = str(python_of(library))
        values[f"library_{program}"] = "conjoin" if library == "conjoin" else "libmuscle"
    text = (SCENARIOS / f"{name}.ymmsl").read_text()
    path = folder / f"{name}.ymmsl"
    path.write_text(Template(text).substitute(values))
    return path


def write_settings(settings: Mapping[str, object], *, folder: Path) -> Path:
    """Write a yMMSL file that contains only settings."""
    return _write_ymmsl(folder / "settings.ymmsl", settings=settings)


def python_of(library: LibraryName) -> Path:
    """Return the interpreter that has a library."""
    if library == "conjoin":
        return Path(sys.executable)
    return require_muscle3(_MUSCLE3_VERSIONS[library]).python


def manager_command(manager: ManagerName) -> list[str]:
    """Return the command that starts a manager."""
    if manager == "conjoin":
        return [sys.executable, "-m", "entrypoints.manager"]
    return [str(require_muscle3(_MUSCLE3_VERSIONS[manager]).manager)]


def clean_environment() -> dict[str, str]:
    """Return this process's environment, without variables that select other libraries."""
    unwanted = ("MUSCLE_", "PYTHON", "VIRTUAL_ENV", "COV_", "PYTEST_")
    wanted = ("PYTHONPYCACHEPREFIX",)
    return {k: v for k, v in os.environ.items() if k in wanted or not k.startswith(unwanted)}


def read_results(folder: Path) -> dict[str, list[list[object]]]:
    """Return the recorded observations of the programs, per instance."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def _write_ymmsl(path: Path, **sections: Mapping[str, object]) -> Path:
    lines = [f"{name}: {json.dumps(value)}" for name, value in sections.items()]
    path.write_text("\n".join(["ymmsl_version: v0.2", *lines, ""]))
    return path


def _let_programs_save(file: Path) -> None:
    """Replace the programs in a scenario's file by those that save their state."""
    file.write_text(file.read_text().replace("/walker.py", "/saving_component.py"))


def _run_to_the_end(
    command: list[str], *, folder: Path, environment: Mapping[str, str], timeout: float
) -> int | None:
    with (
        (folder / "manager_stdout.txt").open("wb") as stdout,
        (folder / "manager_stderr.txt").open("wb") as stderr,
        subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        ) as process,
    ):
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGTERM)
            _wait_or_kill(process)
            return None


def _wait_or_kill(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def end_processes_marked(mark: str) -> tuple[str, ...]:
    """Kill every process that has our mark in its environment; return their command lines."""
    found = processes_marked(mark)
    lines = tuple(" ".join(_command_line(process)) for process in found)
    for process in found:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(found, timeout=_GRACE_SECONDS)
    return lines


def processes_marked(mark: str) -> list[psutil.Process]:
    """Return every process that has our mark in its environment."""
    return [process for process in psutil.process_iter() if _is_marked(process, mark)]


def _is_marked(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get(MARK) == mark
    except psutil.Error:
        return False


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return [f"pid {process.pid}"]


def _new_folder(path: Path) -> Path:
    path.mkdir()
    return path


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""
