"""Checks that the programs of a configuration can be started on this machine."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Final

from adapters.io.symbolic_links import dangling_link
from adapters.ymmsl_files.checking.argument_files import (
    file_warnings,
    path_here,
    script_problems,
)
from adapters.ymmsl_files.checking.shell_arguments import replaced, unset_variables
from domain.model.configuration import BaseEnv, Configuration, ExecutionModel, Program
from domain.model.containers import Container, ContainerRunner
from domain.suggestions import did_you_mean

INTERPRETERS: Final = ("python3", "python", "bash", "sh", "Rscript", "julia", "octave", "perl")
"""Commands that run a program that is given as their first argument."""

_COUPLING_LIBRARY: Final = re.compile(
    r"(conjoin|entrypoints|muscle3|libmuscle|__editable__).*|(?!distutils-precedence).*\.(pth|egg-link)",
    re.IGNORECASE,
)
"""Names in `site-packages` of a library for coupling, or of links that may lead to one."""

_LAUNCHERS = {
    ExecutionModel.OPENMPI: "mpirun",
    ExecutionModel.INTELMPI: "mpirun",
    ExecutionModel.SRUNMPI: "srun",
}


def missing_programs(configuration: Configuration) -> list[str]:
    """Return errors about programs that cannot be started on this machine.

    Programs that depend on modules or on another base environment are not checked.

    Args:
        configuration: The flat configuration.
    """
    return [
        f"Program '{program.name}': {problem}"
        for program in configuration.used_programs()
        for problem in _problems(program)
    ]


def program_warnings(configuration: Configuration) -> list[str]:
    """Return warnings about programs that can be started on this machine, but may fail at once.

    Args:
        configuration: The flat configuration.
    """
    return [
        f"Program '{program.name}': {warning}"
        for program in configuration.used_programs()
        for warning in (*file_warnings(program), *_library_warnings(program))
    ]


def _problems(program: Program) -> Iterator[str]:
    if program.execution_model is ExecutionModel.MANUAL:
        return
    if program.container is not None:
        yield from _container_problems(program, program.container)
    if program.script is not None:
        return
    virtual_env = replaced(program.virtual_env or "", program)
    yield from _virtual_env_problems(program, virtual_env)
    if program.container is None:
        yield from _executable_problems(program, virtual_env)
        yield from script_problems(program)
    launcher = _LAUNCHERS.get(program.execution_model)
    if launcher and _search_path_is_known(program) and not shutil.which(launcher):
        yield (
            f"its execution model is '{program.execution_model.value}', but there is no"
            f" '{launcher}' on the PATH. Install MPI, or list the module that has it under"
            " 'modules'."
        )


def _virtual_env_problems(program: Program, path: str | None) -> Iterator[str]:
    if program.virtual_env is None or path is None:
        return
    origin = _origin(program.virtual_env, path, program)
    found = path_here(path, program)
    if found is not None:
        yield (
            f"virtual environment '{path}' is relative to the instance's own working directory."
            f" Write '{found}'."
        )
    elif not Path(path).is_dir():
        link = dangling_link(Path(path))
        yield f"virtual environment '{path}' does not exist.{f' {link}' if link else origin}"
    elif not (Path(path) / "bin" / "activate").is_file():
        yield f"virtual environment '{path}' has no file bin/activate in it.{origin}"


def _library_warnings(program: Program) -> Iterator[str]:
    """Yield a warning if a Python program cannot import Conjoin from its virtual environment."""
    path = replaced(program.virtual_env or "", program)
    is_python = PurePath(program.executable or "").name.startswith("python")
    if not path or not is_python or program.container is not None:
        return
    if program.modules or "PYTHONPATH" in {name.lstrip("+") for name in program.env}:
        return
    if os.environ.get("PYTHONPATH") or _sees_system_packages(Path(path)):
        return
    folders = list(Path(path).glob("lib*/python*/site-packages"))
    installed = [item.name for folder in folders for item in folder.iterdir()]
    if folders and not any(map(_COUPLING_LIBRARY.match, installed)):
        yield (
            f"virtual environment '{path}' contains neither Conjoin nor MUSCLE3, so its Python"
            " cannot import them. Install Conjoin there, or correct 'virtual_env'."
        )


def _sees_system_packages(virtual_env: Path) -> bool:
    try:
        text = (virtual_env / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True  # it is not an ordinary virtual environment
    return "include-system-site-packages = true" in text.lower()


def _container_problems(program: Program, container: Container) -> Iterator[str]:
    runner = container.runner.value
    if _search_path_is_known(program) and not shutil.which(runner):
        yield (
            f"it runs in a container, but there is no '{runner}' on the PATH. Install it, or list"
            " the module that has it under 'modules'."
        )
    image = replaced(container.image, program)
    is_file = container.runner is ContainerRunner.APPTAINER and "://" not in container.image
    if is_file and image is not None and not Path(image).exists():
        origin = _origin(container.image, image, program)
        link = dangling_link(Path(image))
        yield f"container image '{image}' does not exist.{f' {link}' if link else origin}"


def _executable_problems(program: Program, virtual_env: str | None) -> Iterator[str]:
    if program.executable is None:
        yield "it has neither an 'executable' nor a 'script'."
        return
    name = replaced(program.executable, program, virtual_env=virtual_env)
    if name is None:
        return
    origin = _origin(program.executable, name, program)
    if os.sep in name:
        yield from (problem + origin for problem in _file_problems(name, program))
    elif virtual_env is not None:
        yield from (problem + origin for problem in _command_problems(program, name, virtual_env))


def _file_problems(name: str, program: Program) -> Iterator[str]:
    if not Path(name).is_absolute():
        found = path_here(name, program)
        advice = "Write an absolute path." if found is None else f"Write '{found}'."
        yield f"executable '{name}' is relative to the instance's own working directory. {advice}"
    elif not Path(name).exists():
        advice = dangling_link(Path(name)) or _similar_file(Path(name))
        yield f"executable '{name}' does not exist. {advice}"
    elif Path(name).is_dir():
        yield f"executable '{name}' is a directory."
    elif not os.access(name, os.X_OK):
        yield f"'{name}' is not executable. Run: chmod +x '{name}'"


def _command_problems(program: Program, name: str, virtual_env: str) -> Iterator[str]:
    if not _search_path_is_known(program):
        return
    directories = [os.environ.get("PATH", os.defpath)]
    if virtual_env:
        directories.insert(0, str(Path(virtual_env) / "bin"))
    search_path = os.pathsep.join(directories)
    if shutil.which(name, path=search_path):
        return
    here = path_here(name, program)
    interpreters = [item for item in INTERPRETERS if shutil.which(item, path=search_path)]
    similar = did_you_mean(name, interpreters).strip()
    advice = f"Did you mean '{here}'?" if here else similar or "Write its absolute path."
    yield f"command '{name}' is not on the PATH. {advice}"


def _similar_file(path: Path) -> str:
    """Return advice about a file that does not exist."""
    try:
        present = [item.name for item in path.parent.iterdir() if os.access(item, os.X_OK)]
    except OSError:
        present = []
    return did_you_mean(path.name, present).strip() or "Correct its path, or build it first."


def _search_path_is_known(program: Program) -> bool:
    changes_path = any(name.lstrip("+") == "PATH" for name in program.env)
    return program.base_env is BaseEnv.MANAGER and not program.modules and not changes_path


def _origin(written: str, path: str, program: Program) -> str:
    """Return a sentence about the original form of a path in which variables were replaced."""
    unset = unset_variables(written, program)
    if unset:
        names = " and ".join(f"'{name}'" for name in unset)
        verb = "is" if len(unset) == 1 else "are"
        return f" It is written as '{written}', but {names} {verb} not set."
    if path != written:
        return f" It is written as '{written}'."
    if path.startswith("~") or "$" in path:
        return " Only '~', '$NAME' and '${NAME}' are replaced here."
    return ""
