"""A run script writer that writes no files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from application.interfaces.run_script_writer import RunScriptWriter
from domain.identity import Reference
from domain.model.configuration import Program, ResourceRequirements
from domain.placement.resources import Resources


@dataclass(frozen=True)
class RunScript:
    """The arguments of a call to `RunScriptWriter.write`."""

    instance: Reference
    program: Program
    requirements: ResourceRequirements
    resources: Resources
    environment: Mapping[str, str]
    bind_to_cores: bool


@final
class InMemoryRunScriptWriter(RunScriptWriter):
    """Records its calls."""

    def __init__(self) -> None:
        self.scripts: dict[Path, RunScript] = {}
        """The arguments of each call, by the path of the script."""

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
        path = directory / "run_script.sh"
        self.scripts[path] = RunScript(
            instance, program, requirements, resources, dict(environment), bind_to_cores
        )
        return path
