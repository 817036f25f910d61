"""Shell scripts that start programs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, final

from adapters.io.private_files import PRIVATE_EXECUTABLE, write_private
from adapters.run_scripts import environments
from adapters.run_scripts.launch_commands import Launch, launch_bound, launch_unbound
from adapters.run_scripts.quoting import (
    expanded,
    expanded_arguments,
    exports,
    odd_variables,
    quoted,
)
from application.interfaces.run_script_writer import RunScriptWriter
from domain.identity import Reference
from domain.model.configuration import Program, ResourceRequirements
from domain.placement.resources import Resources

RUN_SCRIPT: Final = "run_script.sh"
PROGRAM_SCRIPT: Final = "program_script"
RANK_FILE: Final = "rankfile"

_ONLY_ONE_COMMAND: Final = frozenset(";&|\n")
"""Characters that can make shell text contain more than one command."""


@final
class ShellRunScriptWriter(RunScriptWriter):
    """Writes bash scripts that end by replacing themselves with the program (`exec`)."""

    def write(
        self,
        directory: Path,
        *,
        instance: Reference,
        program: Program,
        requirements: ResourceRequirements,
        resources: Resources,
        environment: Mapping[str, str],
        bind_to_cores: bool,
    ) -> Path:
        if bind_to_cores:
            rank_file = directory / RANK_FILE
            launch = launch_bound(
                program.execution_model, requirements, resources, rank_file=rank_file
            )
            if launch.rank_file is not None:
                rank_file.write_text(launch.rank_file)
        else:
            launch = launch_unbound(program.execution_model, requirements)
        lines = [
            "#!/bin/bash",
            f"# Starts instance {instance}. Written anew for every run.",
            "",
            *environments.base_environment(program.base_env),
            *exports({"MUSCLE_INSTANCE": str(instance), **environment}),
            *exports(program.env),
            *environments.load_modules(program.modules),
            *environments.activate(program.virtual_env),
            *exports(launch.variables),
            environments.change_directory(str(directory / "workdir")),
            _command(directory, program, launch),
        ]
        return _write_executable(directory / RUN_SCRIPT, "\n".join(lines) + "\n")


def _command(directory: Path, program: Program, launch: Launch) -> str:
    """Return the line that starts the program."""
    if program.script is not None:
        # its first line names its interpreter, which need not be a shell
        script = _write_executable(directory / PROGRAM_SCRIPT, program.script)
        return f"exec {quoted([str(script)])}"
    assert program.executable is not None
    launcher = quoted([*odd_variables(program.env), *launch.command])
    words = f"{launcher} {expanded(program.executable)}".lstrip()
    if not isinstance(program.args, str):
        return f"exec {words} {expanded_arguments(program.args)}".rstrip()
    text = f"{words} {program.args.strip()}".rstrip()
    return text if _ONLY_ONE_COMMAND & set(text) else f"exec {text}"


def _write_executable(path: Path, text: str) -> Path:
    # the environment that it sets may be private
    write_private(path, text, mode=PRIVATE_EXECUTABLE)
    return path
