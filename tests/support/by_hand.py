"""A manager that starts no programs, and instances that are started by hand."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.support.conditions import wait_until
from tests.support.workspace import MANAGER, RunningProgram, Workspace


@contextmanager
def manual_manager(
    workspace: Workspace, *options: str, prefix: Sequence[str] = ()
) -> Iterator[tuple[RunningProgram, dict[str, str]]]:
    """Start a manager that starts no programs.

    Args:
        workspace: Where it runs.
        options: Its options.
        prefix: The beginning of a command that runs the manager, such as on another machine.

    Yields:
        The manager, and the environment that it prints for the user.
    """
    command = (*prefix, *MANAGER, "--run-dir", "run", *options, "model.ymmsl")
    with workspace.running(*command, name="manager") as manager:
        manager.wait_for_output("CONJOIN_SECRET_FILE=")
        wait_until(lambda: manager.text.endswith("\n"))
        found = re.findall(r"export (\w+)=(\S+)", manager.text)
        yield manager, {name: value for name, value in found if name != "MUSCLE_INSTANCE"}


@contextmanager
def start_instance(
    workspace: Workspace,
    name: str,
    environment: dict[str, str],
    *,
    python: str | Path = sys.executable,
    prefix: Sequence[str] = (),
) -> Iterator[RunningProgram]:
    """Start an instance of `model.ymmsl`."""
    with workspace.running(
        *prefix,
        python,
        f"{name}.py",
        name=name,
        environment={"MUSCLE_INSTANCE": name, **environment},
    ) as program:
        yield program


def run_both_instances(
    workspace: Workspace, environment: dict[str, str], *, python: str | Path = sys.executable
) -> None:
    """Start both instances, and wait until they end."""
    with ExitStack() as stack:
        programs = [
            stack.enter_context(start_instance(workspace, name, environment, python=python))
            for name in ("macro", "micro")
        ]
        for program in programs:
            outcome = program.finish()
            assert outcome.exit_code == 0, outcome.text
