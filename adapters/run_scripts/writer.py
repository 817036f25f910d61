"""Shell scripts that start programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, final

from adapters.io.private_files import PRIVATE_EXECUTABLE, write_private
from adapters.run_scripts import environments
from adapters.run_scripts.containers import (
    ContainerSetting,
    container_command,
    passed_variables,
)
from adapters.run_scripts.gpus import gpu_variables
from adapters.run_scripts.launch_commands import (
    Launch,
    launch_bound,
    launch_script,
    launch_unbound,
)
from adapters.run_scripts.quoting import (
    expanded,
    expanded_arguments,
    exports,
    quoted,
    unexportable_variables,
    with_quoted_folder,
)
from adapters.run_scripts.ranks import all_hwthreads
from application.interfaces.run_script_writer import RunScriptWriter, ScriptOrder
from domain.model.configuration import Program, Threads

RUN_SCRIPT: Final = "run_script.sh"
PROGRAM_SCRIPT: Final = "program_script"
RANK_FILE: Final = "rankfile"
CPU_FILE: Final = "rank_cpus"

BINDING_OF_THREADS: Final = frozenset({"OMP_PLACES", "OMP_PROC_BIND"})
"""Variables in which a program may prefer its own values to ours."""

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
        variables = {**_without_own(launch.variables, program), **gpu_variables(order.resources)}
        lines = [
            "#!/bin/bash",
            f"# Starts instance {order.instance}. Written anew for every run.",
            "",
            *environments.base_environment(program.base_env),
            *exports({"MUSCLE_INSTANCE": str(order.instance), **order.environment}),
            *exports(program.env),
            *environments.load_modules(program.modules),
            *environments.activate(program.virtual_env),
            *exports(variables),
            environments.change_directory(str(_work_dir(order))),
            *environments.collect_exports("" if program.script else launch.export_option),
            _command(order, launch, variables),
        ]
        return _write_executable(order.directory / RUN_SCRIPT, "\n".join(lines) + "\n")


def _launch(order: ScriptOrder) -> Launch:
    model = order.program.execution_model
    starts_processes = order.program.script is not None and not isinstance(
        order.requirements, Threads
    )
    if starts_processes and not (order.capabilities.binds_cores and model.uses_mpi):
        return launch_script(
            order.requirements,
            order.resources,
            rank_file=order.directory / RANK_FILE,
            binds=order.capabilities.binds_cores,
        )
    if not order.capabilities.binds_cores:
        return launch_unbound(model, order.requirements)
    return launch_bound(
        model,
        order.requirements,
        order.resources,
        rank_file=order.directory / RANK_FILE,
        cpu_file=order.directory / CPU_FILE,
    )


def _without_own(variables: Mapping[str, str], program: Program) -> dict[str, str]:
    """Return variables without those about the binding of threads that the program sets itself."""
    own = {name.removeprefix("+") for name in program.env} & BINDING_OF_THREADS
    return {name: value for name, value in variables.items() if name not in own}


def _work_dir(order: ScriptOrder) -> Path:
    return order.directory / "workdir"


def _command(order: ScriptOrder, launch: Launch, variables: Iterable[str]) -> str:
    """Return the line that starts the program."""
    program = order.program
    container = _container(order, variables)
    if program.script is not None:
        # the script's first line names its interpreter, which need not be a shell
        script = _write_executable(order.directory / PROGRAM_SCRIPT, program.script)
        # it starts the processes of an MPI program itself, and binds them
        is_bound_here = (
            isinstance(order.requirements, Threads) and not program.execution_model.uses_mpi
        )
        binding = f"{quoted(launch.command)} " if is_bound_here and launch.command else ""
        return f"exec {binding}{container}{quoted([str(script)])}"
    assert program.executable is not None
    launcher = quoted([*unexportable_variables(program.env), *launch.command])
    if launch.export_option:
        launcher += f" {environments.EXPORTS}"
    words = f"{launcher} {container}{expanded(program.executable)}".lstrip()
    if not isinstance(program.args, str):
        return f"exec {words} {expanded_arguments(program.args)}".rstrip()
    text = f"{words} {with_quoted_folder(program.args.strip())}".rstrip()
    return text if _ONLY_ONE_COMMAND & set(text) else f"exec {text}"


def _container(order: ScriptOrder, variables: Iterable[str]) -> str:
    """Return the words that run the program in its container, if it has one."""
    program = order.program
    if program.container is None:
        return ""
    others = ("MUSCLE_INSTANCE", *order.environment, *variables)
    setting = ContainerSetting(
        order.mounts or (order.directory,),
        _work_dir(order),
        passed_variables(program, others),
        order.resources.nodes[0].gpus,
        all_hwthreads(order.resources).cpu_list if order.capabilities.binds_cores else "",
    )
    return f"{container_command(program.container, setting)} "


def _write_executable(path: Path, text: str) -> Path:
    # the script may contain private environment variables
    write_private(path, text, mode=PRIVATE_EXECUTABLE)
    return path
