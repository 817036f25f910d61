"""Variables in the arguments of programs: which of them nobody sets."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final

from domain.model.configuration import BaseEnv, Configuration, ExecutionModel, Program

_QUOTED: Final = re.compile(r"""\\.|'[^']*'|"(?P<expanded>(?:\\.|[^"\\])*)\"""", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\.", re.DOTALL)
_VARIABLE: Final = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})", re.ASCII)
_SET_BY_THE_SHELL: Final = re.compile(
    r"PWD|OLDPWD|HOSTNAME|HOSTTYPE|OSTYPE|MACHTYPE|E?UID|PPID|SHLVL|RANDOM|SECONDS|IFS|BASH\w*"
)
_SET_FOR_PROGRAMS: Final = re.compile(r"MUSCLE_\w+|SLURM_\w+|OMP_NUM_THREADS|VIRTUAL_ENV")


def argument_oddities(configuration: Configuration) -> list[str]:
    """Return a warning for each variable in arguments that will not be replaced by anything.

    Where modules or a login shell may yet set variables, none are looked for.

    Args:
        configuration: The flat configuration.
    """
    used = {component.program for component in configuration.model.components.values()}
    return [
        f"Program '{name}': {oddity}"
        for name in sorted(used)
        for oddity in _oddities(configuration.programs[name])
    ]


def _oddities(program: Program) -> Iterator[str]:
    if program.execution_model is ExecutionModel.MANUAL or program.script is not None:
        return
    if not isinstance(program.args, str):
        for argument in program.args:
            if argument.startswith("~/") or _VARIABLE.search(argument):
                yield (
                    f"argument '{argument}' is passed on as it stands. Write 'args' as one text"
                    " instead of a list to have the shell replace '~' and '$NAME'."
                )
    elif program.base_env is BaseEnv.MANAGER and not program.modules:
        for name in dict.fromkeys(_variables_in(program.args)):
            if not _is_set(name, program):
                yield (
                    f"variable '{name}' in its 'args' is not set here, nor in its 'env'. Set it"
                    f" before you start the manager: export {name}=..."
                )


def _variables_in(text: str) -> Iterator[str]:
    """Return the names of the variables that a shell replaces in a text."""
    bare = _QUOTED.sub(lambda found: _ESCAPED.sub("", found["expanded"] or ""), text)
    for plain, braced in _VARIABLE.findall(bare):
        yield plain or braced


def _is_set(name: str, program: Program) -> bool:
    return (
        name in os.environ
        or name in {variable.lstrip("+") for variable in program.env}
        or _SET_BY_THE_SHELL.fullmatch(name) is not None
        or _SET_FOR_PROGRAMS.fullmatch(name) is not None
    )
