"""A user's folder with a small working model, for tests that break one thing in it.

>>> workspace.change("model.ymmsl", "micro.init", "micro.inti")
>>> outcome = workspace.start_all()
>>> print(outcome.text)
"""

import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.conditions import PATIENCE, wait_until
from tests.support.pair import model_with_ports
from tests.support.scenario_runs import (
    MARK,
    clean_environment,
    end_processes_marked,
    processes_marked,
    python_of,
)

MANAGER = (sys.executable, "-m", "entrypoints.manager")
CONJOIN = (str(Path(sys.executable).parent / "conjoin"),)

_MODEL = (
    model_with_ports(sends="state_out", receives="state_in")
    + """\
settings:
  macro.steps: 2
  micro.k: 0.5
programs:
  macro:
    description: The macro model
    executable: {python}
    args: ["{folder}/macro.py"]
  micro:
    description: The micro model
    executable: {python}
    args: ["{folder}/micro.py"]
"""
)

_MACRO = """\
from conjoin import Instance, Message, Operator

instance = Instance({Operator.O_I: ["state_out"], Operator.S: ["state_in"]})
while instance.reuse_instance():
    for step in range(instance.get_setting("steps", "int")):
        instance.send("state_out", Message(float(step), step + 1.0, step))
        instance.receive("state_in")
"""

_MICRO = """\
from conjoin import Instance, Message, Operator

instance = Instance({Operator.F_INIT: ["init"], Operator.O_F: ["final"]})
while instance.reuse_instance():
    k = instance.get_setting("k", "float")
    message = instance.receive("init")
    instance.send("final", Message(message.timestamp, None, message.data + k))
"""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a program, as the user sees it.

    Attributes:
        exit_code: The exit code.
        stdout: The standard output.
        stderr: The standard error.
        left_behind: Command lines of the processes that were still running, and names of temporary
            files.
    """

    exit_code: int
    stdout: str
    stderr: str
    left_behind: tuple[str, ...]

    @property
    def text(self) -> str:
        """The complete output."""
        return self.stdout + self.stderr


class RunningProgram:
    """A program that was started in a workspace.

    Args:
        process: The program.
        mark: A value in the environment of every process that it starts.
        folder: The folder with its output.
        temporary: Its directory for temporary files.
    """

    def __init__(
        self, process: "subprocess.Popen[bytes]", *, mark: str, folder: Path, temporary: Path
    ) -> None:
        self.process = process
        self._mark = mark
        self._folder = folder
        self._temporary = temporary

    @property
    def text(self) -> str:
        """The output so far."""
        return self._output("stdout") + self._output("stderr")

    def processes(self, part_of_command: str = "") -> list[psutil.Process]:
        """Return the other started processes with a string in their command lines."""
        return [
            process
            for process in processes_marked(self._mark)
            if process.pid != self.process.pid and part_of_command in _command_line(process)
        ]

    def wait_for_process(self, part_of_command: str) -> psutil.Process:
        """Wait until a process with a string in its command line exists, and return it."""
        wait_until(lambda: bool(self.processes(part_of_command)))
        return self.processes(part_of_command)[0]

    def wait_for_output(self, text: str) -> None:
        """Wait until the program has printed a string."""
        wait_until(lambda: text in self.text or self.process.poll() is not None)
        assert text in self.text, self.text

    def finish(self) -> Outcome:
        """Wait for the end; return the outcome, with all leftovers."""
        exit_code = self.process.wait(PATIENCE)
        files = [path.name for path in self._temporary.iterdir()]
        return Outcome(
            exit_code,
            self._output("stdout"),
            self._output("stderr"),
            (*end_processes_marked(self._mark), *files),
        )

    def _output(self, name: str) -> str:
        return (self._folder / f"{name}.txt").read_text()


class Workspace:
    """A user's folder, with a working model: `model.ymmsl`, `macro.py` and `micro.py`.

    Args:
        folder: An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run_dir = folder / "run"
        self._temporary = folder / "tmp"
        for path in (self.run_dir, self._temporary):
            path.mkdir()
        self.write("model.ymmsl", _MODEL.format(python=sys.executable, folder=folder))
        self.write("macro.py", _MACRO)
        self.write("micro.py", _MICRO)

    def write(self, name: str, text: str) -> Path:
        """Write or overwrite a file."""
        path = self.folder / name
        path.write_text(text)
        return path

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a string that occurs exactly once in a file."""
        text = (self.folder / name).read_text()
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def use_muscle3(self) -> None:
        """Make both programs use MUSCLE3's library."""
        text = (self.folder / "model.ymmsl").read_text()
        self.write("model.ymmsl", text.replace(sys.executable, str(python_of("muscle3"))))
        for name in ("macro.py", "micro.py"):
            self.change(
                name,
                "from conjoin import Instance, Message, Operator",
                "from libmuscle import Instance, Message\nfrom ymmsl import Operator",
            )

    def start_all(self, *arguments: object) -> Outcome:
        """Run `model.ymmsl` to its end, with `run` as the run directory."""
        return self.manager("--start-all", "--run-dir", "run", *arguments, "model.ymmsl")

    def manager(self, *arguments: object, **options: str) -> Outcome:
        """Run the manager to its end; see `running` for the options."""
        with self.running(*MANAGER, *arguments, **options) as program:
            return program.finish()

    def conjoin(self, *arguments: object, **options: str) -> Outcome:
        """Run the command `conjoin` to its end; see `running` for the options."""
        with self.running(*CONJOIN, *arguments, **options) as program:
            return program.finish()

    @contextmanager
    def running(
        self,
        *command: object,
        stdin: str = "",
        name: str = "program",
        environment: Mapping[str, str] | None = None,
    ) -> Iterator[RunningProgram]:
        """Start a program; kill its remaining processes at the end.

        Args:
            command: Program and arguments.
            stdin: Its standard input.
            name: Name of the folder with its output.
            environment: Variables to add.
        """
        mark = uuid.uuid4().hex
        folder = self.folder / f"output_of_{name}"
        folder.mkdir(exist_ok=True)
        (folder / "stdin.txt").write_text(stdin)
        surroundings = {**clean_environment(), "TMPDIR": str(self._temporary), MARK: mark}
        with (
            (folder / "stdin.txt").open() as source,
            (folder / "stdout.txt").open("w") as stdout,
            (folder / "stderr.txt").open("w") as stderr,
            subprocess.Popen(
                list(map(str, command)),
                cwd=self.folder,
                env={**surroundings, **(environment or {})},
                stdin=source,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            ) as process,
        ):
            try:
                yield RunningProgram(process, mark=mark, folder=folder, temporary=self._temporary)
            finally:
                process.kill()
                end_processes_marked(mark)

    def stderr_of(self, instance: str) -> str:
        """Return the standard error of an instance."""
        path = self.run_dir / "instances" / instance / "stderr.txt"
        return path.read_text() if path.exists() else ""


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
