"""Turns Python functions into programs that a manager can start."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Final, TypeAlias

from adapters.pickling.by_value import pickle_function
from domain.errors import ImplementationMissing, UsageError
from domain.identity import Reference
from domain.model.configuration import BaseEnv, Configuration, ExecutionModel, Program
from domain.model.shell_words import literally
from domain.suggestions import hint
from entrypoints._simulation.function_runner import FunctionCall

Function: TypeAlias = Callable[[], object]

START: Final = """\
import sys
sys.path[:] = {path!r}
from entrypoints._simulation.function_runner import run
run({call_file!r})
"""


def with_functions(
    configuration: Configuration,
    functions: Mapping[str, Function],
    *,
    directory: Path,
    output: Path,
) -> Configuration:
    """Return a configuration in which functions replace programs.

    Args:
        configuration: The configuration to run.
        functions: Functions by implementation name.
        directory: Directory for files that the processes need.
        output: The named pipe to which the functions print.

    Raises:
        ImplementationMissing: If a component has neither a function nor a program.
        UsageError: If no implementation has the name of a function, or a function cannot be sent
            to another process; the message says why.
    """
    _check_all_there(configuration, functions)
    _check_all_known(configuration, functions)
    programs = dict(configuration.programs)
    for name in programs:
        function = functions.get(str(name))
        if function is not None:
            programs[name] = _program(
                programs[name], function, directory=directory, output=str(output)
            )
    return replace(configuration, programs=programs)


def _check_all_there(configuration: Configuration, functions: Mapping[str, Function]) -> None:
    needed = {component.program for component in configuration.model.components.values()}
    missing = sorted(
        str(name)
        for name in needed
        if str(name) not in functions
        and configuration.programs[name].execution_model is ExecutionModel.MANUAL
    )
    if missing:
        raise ImplementationMissing(tuple(missing), tuple(map(str, functions)))


def _check_all_known(configuration: Configuration, functions: Mapping[str, Function]) -> None:
    known = set(map(str, configuration.programs))
    for name in functions:
        if name not in known:
            msg = f"A function was passed for implementation '{name}', which no component has."
            raise UsageError(msg + hint(name, known))


def _program(old: Program, function: Function, *, directory: Path, output: str) -> Program:
    call = FunctionCall(_pickled(old.name, function), os.getcwd(), output)  # noqa: PTH109
    call_file = directory / f"{old.name}.call"
    call_file.write_bytes(pickle.dumps(tuple(call)))
    program_file = directory / f"{old.name}.py"
    path = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 - of '' too
    program_file.write_text(START.format(path=path, call_file=str(call_file)), encoding="utf-8")
    return replace(
        old,
        executable=literally(sys.executable),
        args=(literally(str(program_file)),),
        script=None,
        base_env=BaseEnv.MANAGER,
        modules=(),
        virtual_env=None,
        execution_model=ExecutionModel.DIRECT,
    )


def _pickled(name: Reference, function: object) -> bytes:
    if not callable(function):
        msg = f"The implementation '{name}' is of type {type(function).__name__}, not a function."
        raise UsageError(msg)
    try:
        return pickle_function(function, by_value=_module_by_value(function))
    except Exception as error:  # pickling an object of the user may raise anything
        msg = (
            f"The function for implementation '{name}' cannot be sent to another process:"
            f" {type(error).__name__}: {error}. Create what it uses inside the function."
        )
        raise UsageError(msg) from error


def _module_by_value(function: object) -> ModuleType | None:
    """Return the module of a function if another process cannot import it."""
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    if module is None or module.__name__ == "__main__" or _can_be_imported(module):
        return None
    return module


def _can_be_imported(module: ModuleType) -> bool:
    """Return whether a new process with the same `sys.path` would find this module by its name."""
    path: Sequence[str] | None = None
    spec: ModuleSpec | None = None
    for name in _prefixes(module.__name__):
        spec = _find(name, path)
        if spec is None:
            return False
        path = spec.submodule_search_locations
    return spec is not None and spec.origin == getattr(module, "__file__", spec.origin)


def _find(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    # unlike importlib.util.find_spec, this does not find modules only because they are loaded
    specs = (finder.find_spec(name, path, None) for finder in sys.meta_path)
    return next((spec for spec in specs if spec is not None), None)


def _prefixes(name: str) -> Iterator[str]:
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])
