"""Shell scripts that start programs."""

from __future__ import annotations

from pathlib import Path
from typing import Final, final

from adapters.io.private_files import PRIVATE_EXECUTABLE, write_private
from adapters.run_scripts import environments
from adapters.run_scripts.launch_commands import Launch, launch_bound, launch_unbound
from adapters.run_scripts.quoting import (
    expanded,
    expanded_arguments,
    exports,
    quoted,
    unexportable_variables,
)
from application.interfaces.run_script_writer import RunScriptWriter, ScriptOrder
from domain.model.configuration import Threads

RUN_SCRIPT: Final = "run_script.sh"
PROGRAM_SCRIPT: Final = "program_script"
RANK_FILE: Final = "rankfile"
CPU_FILE: Final = "rank_cpus"

_ONLY_ONE_COMMAND: Final = frozenset(";&|\n")
"""Characters that can make shell text contain more than one command."""


@final
class ShellRunScriptWriter(RunScriptWriter):
    """Writes bash scripts that end by replacing themselves with the program (`exec`)."""

    def write(self, order: ScriptOrder) -> Path:
        program = order.program
        launch = _launch(order)
        if launch.rank_file is not None:
            (order.directory / RANK_FILE).write_text(launch.rank_file)
        if launch.cpu_file is not None:
            (order.directory / CPU_FILE).write_text(launch.cpu_file)
        lines = [
            "#!/bin/bash",
            f"# Starts instance {order.instance}. Written anew for every run.",
            "",
            *environments.base_environment(program.base_env),
            *exports({"MUSCLE_INSTANCE": str(order.instance), **order.environment}),
            *exports(program.env),
            *environments.load_modules(program.modules),
            *environments.activate(program.virtual_env),
            *exports(launch.variables),
            environments.change_directory(str(order.directory / "workdir")),
            _command(order, launch),
        ]
        return _write_executable(order.directory / RUN_SCRIPT, "\n".join(lines) + "\n")


def _launch(order: ScriptOrder) -> Launch:
    model = order.program.execution_model
    if not order.bind_to_cores:
        return launch_unbound(model, order.requirements)
    return launch_bound(
        model,
        order.requirements,
        order.resources,
        rank_file=order.directory / RANK_FILE,
        cpu_file=order.directory / CPU_FILE,
    )


def _command(order: ScriptOrder, launch: Launch) -> str:
    """Return the line that starts the program."""
    program = order.program
    if program.script is not None:
        # the script's first line names its interpreter, which need not be a shell
        script = _write_executable(order.directory / PROGRAM_SCRIPT, program.script)
        # it starts the processes of an MPI program itself, and binds them
        is_bound_here = (
            isinstance(order.requirements, Threads) and not program.execution_model.uses_mpi
        )
        binding = launch.command if is_bound_here else ()
        return f"exec {quoted([*binding, str(script)])}"
    assert program.executable is not None
    launcher = quoted([*unexportable_variables(program.env), *launch.command])
    words = f"{launcher} {expanded(program.executable)}".lstrip()
    if not isinstance(program.args, str):
        return f"exec {words} {expanded_arguments(program.args)}".rstrip()
    text = f"{words} {program.args.strip()}".rstrip()
    return text if _ONLY_ONE_COMMAND & set(text) else f"exec {text}"


def _write_executable(path: Path, text: str) -> Path:
    # the script may contain private environment variables
    write_private(path, text, mode=PRIVATE_EXECUTABLE)
    return path
