"""Checks shell variables in commands, arguments and virtual environments of programs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import Final

from domain.model.configuration import BaseEnv, Configuration, ExecutionModel, Program
from domain.model.shell_words import VARIABLE, parse_word

_QUOTED: Final = re.compile(r"""\\.|'[^']*'|"(?P<expanded>(?:\\.|[^"\\])*)\"""", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\.", re.DOTALL)
_NOT_REPLACED: Final = re.compile(r"(?<!\\)\$(?:\(|\{(?![A-Za-z_]\w*\}))", re.ASCII)
"""Expressions that a shell would replace, but that stay literal in a list of arguments."""
_SET_BY_THE_SHELL: Final = re.compile(
    r"PWD|OLDPWD|HOSTNAME|HOSTTYPE|OSTYPE|MACHTYPE|E?UID|PPID|SHLVL|RANDOM|SECONDS|IFS|BASH\w*"
)
_SET_FOR_PROGRAMS: Final = re.compile(r"MUSCLE_\w+|SLURM_\w+|OMP_NUM_THREADS")
_VIRTUAL_ENV: Final = "VIRTUAL_ENV"


def argument_warnings(configuration: Configuration) -> list[str]:
    """Return warnings about variables that are not set, or will not be replaced.

    Variables that a module or a login shell may set later are not checked.

    Args:
        configuration: The flat configuration.
    """
    return [
        f"Program '{program.name}': {warning}"
        for program in configuration.used_programs()
        for warning in _warnings(program)
    ]


def replaced(word: str, program: Program, *, virtual_env: str | None = None) -> str | None:
    """Return a word with its variables replaced; None if a value is unknown here.

    An unset variable is replaced by the empty string, as in the shell.

    Args:
        word: The word.
        program: The program that is started with it.
        virtual_env: The virtual environment of the program, if it has one.
    """
    parsed = parse_word(word)
    values = {name: _value(name, program, virtual_env) for name in parsed.variables}
    if None in values.values():
        return None
    return parsed.replaced(lambda name: values[name] or "", lambda user: _home(user, program))


def unset_variables(word: str, program: Program) -> list[str]:
    """Return the unset variables in a word; none if a module or login shell may set them.

    Args:
        word: The word.
        program: The program that is started with it.
    """
    if not _environment_is_known(program):
        return []
    return [name for name in parse_word(word).variables if not _is_set(name, program)]


def _warnings(program: Program) -> Iterator[str]:
    if program.execution_model is ExecutionModel.MANUAL or program.script is not None:
        return
    for field, names in _variables_by_field(program).items():
        for name in dict.fromkeys(names):
            if _environment_is_known(program) and not _is_set(name, program):
                yield (
                    f"variable '{name}' in its '{field}' is not set here, nor in its 'env'. Set it"
                    f" before you start the manager: export {name}=..."
                )
    if not isinstance(program.args, str):
        for argument in program.args:
            if _NOT_REPLACED.search(argument):
                yield (
                    f"argument '{argument}' is passed on literally, since only '~', '$NAME' and"
                    " '${NAME}' are replaced in a list. Write 'args' as one string to have the"
                    " shell interpret it."
                )


def _variables_by_field(program: Program) -> dict[str, Iterator[str]]:
    args = program.args
    return {
        "virtual_env": _variables_in_words([program.virtual_env or ""]),
        "executable": _variables_in_words([program.executable or ""]),
        "args": _variables_in(args) if isinstance(args, str) else _variables_in_words(args),
    }


def _variables_in_words(words: Iterable[str]) -> Iterator[str]:
    return (name for word in words for name in parse_word(word).variables)


def _variables_in(text: str) -> Iterator[str]:
    """Return the names of the variables that a shell replaces in a string."""
    bare = _QUOTED.sub(lambda found: _ESCAPED.sub("", found["expanded"] or ""), text)
    for plain, braced in VARIABLE.findall(bare):
        yield plain or braced


def _environment_is_known(program: Program) -> bool:
    return program.base_env is BaseEnv.MANAGER and not program.modules


def _is_set(name: str, program: Program) -> bool:
    return (
        name in os.environ
        or name in {variable.lstrip("+") for variable in program.env}
        or (name == _VIRTUAL_ENV and program.virtual_env is not None)
        or _is_set_later(name)
    )


def _is_set_later(name: str) -> bool:
    return bool(_SET_BY_THE_SHELL.fullmatch(name) or _SET_FOR_PROGRAMS.fullmatch(name))


def _value(name: str, program: Program, virtual_env: str | None) -> str | None:
    """Return the value of a variable, empty if it is not set; None if it is unknown here."""
    if name == _VIRTUAL_ENV and program.virtual_env is not None:
        return virtual_env
    if not _environment_is_known(program) or _is_set_later(name):
        return None
    value = os.environ.get(name, "")
    for variable, text in program.env.items():
        if variable == name:
            value = text
        elif variable == f"+{name}":
            value += text
    return value


def _home(user: str, program: Program) -> str:
    if not user and "HOME" in program.env:
        return program.env["HOME"]
    return os.path.expanduser(f"~{user}")  # noqa: PTH111 - a Path would raise
