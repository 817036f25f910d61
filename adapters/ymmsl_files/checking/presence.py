"""Whether the programs of a configuration are there to be started."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from domain.model.configuration import BaseEnv, Configuration, ExecutionModel, Program

_LAUNCHERS = {
    ExecutionModel.OPENMPI: "mpirun",
    ExecutionModel.INTELMPI: "mpirun",
    ExecutionModel.SRUNMPI: "srun",
}


def missing_programs(configuration: Configuration) -> list[str]:
    """Return what is missing on this machine to start the programs of a configuration.

    What depends on modules or on another environment than this one is not looked for.

    Args:
        configuration: The flat configuration.
    """
    used = {component.program for component in configuration.model.components.values()}
    return [
        f"Program '{name}': {problem}"
        for name in sorted(used)
        for problem in _problems(configuration.programs[name])
    ]


def _problems(program: Program) -> Iterator[str]:
    if program.execution_model is ExecutionModel.MANUAL or program.script is not None:
        return
    yield from _virtual_env_problems(program.virtual_env)
    yield from _executable_problems(program)
    launcher = _LAUNCHERS.get(program.execution_model)
    if launcher and _search_path_is_known(program) and not shutil.which(launcher):
        yield (
            f"its execution model is '{program.execution_model.value}', but there is no"
            f" '{launcher}' on the PATH. Install MPI, or list the module that has it under"
            " 'modules'."
        )


def _virtual_env_problems(virtual_env: str | None) -> Iterator[str]:
    if virtual_env is None:
        return
    path = Path(virtual_env)
    if not path.is_dir():
        yield f"there is no virtual environment '{path}'.{_unexpanded(virtual_env)}"
    elif not (path / "bin" / "activate").is_file():
        yield f"virtual environment '{path}' has no file bin/activate in it."


def _executable_problems(program: Program) -> Iterator[str]:
    name = program.executable
    if name is None:
        yield "it has neither an 'executable' nor a 'script'."
    elif os.sep not in name:
        yield from _command_problems(program, name)
    elif not Path(name).is_absolute():
        yield (
            f"executable '{name}' is a relative path, and would be looked for in the instance's"
            f" own working directory. Write an absolute path.{_unexpanded(name)}"
        )
    elif not Path(name).exists():
        yield (
            f"there is no executable '{name}'. Correct its path, or build it first."
            f"{_unexpanded(name)}"
        )
    elif Path(name).is_dir():
        yield f"executable '{name}' is a directory."
    elif not os.access(name, os.X_OK):
        yield f"'{name}' is not executable. Run: chmod +x '{name}'"


def _command_problems(program: Program, name: str) -> Iterator[str]:
    if not _search_path_is_known(program):
        return
    directories = [os.environ.get("PATH", os.defpath)]
    if program.virtual_env is not None:
        directories.insert(0, str(Path(program.virtual_env) / "bin"))
    if shutil.which(name, path=os.pathsep.join(directories)):
        return
    here = Path.cwd() / name
    advice = f"Did you mean '{here}'?" if here.is_file() else "Write its absolute path."
    yield f"there is no command '{name}' on the PATH. {advice}{_unexpanded(name)}"


def _search_path_is_known(program: Program) -> bool:
    changes_path = any(name.lstrip("+") == "PATH" for name in program.env)
    return program.base_env is BaseEnv.MANAGER and not program.modules and not changes_path


def _unexpanded(path: str) -> str:
    if path.startswith("~") or "$" in path:
        return " A '~' or '$NAME' is not replaced here: write the path in full."
    return ""
