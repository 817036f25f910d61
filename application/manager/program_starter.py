"""Prepares and starts the programs of instances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from application.interfaces.node_pool import NodePool
from application.interfaces.run_directory import RunDirectory
from application.interfaces.run_script_writer import RunScriptWriter, ScriptOrder
from domain.identity import Reference
from domain.model.configuration import Configuration, ExecutionModel
from domain.placement.resources import Resources
from domain.running.clients import STARTED_FOR
from domain.running.launcher_capabilities import LauncherCapabilities


@dataclass(frozen=True, slots=True)
class PreparedProgram:
    """A program that is ready to be started.

    Attributes:
        instance: Name of the instance.
        node: Name of the node to run it on.
        directory: Directory for its files.
        script: Path of the script that starts it.
        files: The files to create on the node; None if it has the manager's files.
    """

    instance: str
    node: str
    directory: Path
    script: Path
    files: Mapping[Path, bytes] | None = None


class ProgramStarter:
    """Writes a run script for each instance, and has an agent start it.

    Args:
        configuration: The configuration of the run.
        pool: Runs processes on nodes.
        run_directory: Provides the directories for files.
        scripts: Writes the scripts.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        pool: NodePool,
        run_directory: RunDirectory,
        scripts: RunScriptWriter,
    ) -> None:
        self._configuration = configuration
        self._pool = pool
        self._run_directory = run_directory
        self._scripts = scripts

    def prepare(
        self,
        plan: Mapping[Reference, Resources],
        *,
        capabilities: LauncherCapabilities,
        listens_at: str,
    ) -> list[PreparedProgram]:
        """Write the files needed to start the programs, except those that are started by hand.

        This is slow, and may be called on any thread.

        Args:
            plan: The cores of each instance.
            capabilities: Those of the launcher of the agents.
            listens_at: The location where the manager listens.

        Raises:
            ConfigurationError: If a file cannot be written.
        """
        return [
            self._prepare(instance, plan[instance], capabilities, listens_at=listens_at)
            for instance in self._instances_to_start()
        ]

    def start(self, program: PreparedProgram, *, secret: str) -> None:
        """Start a program.

        Args:
            program: The program.
            secret: Secret of the run, which is never written to a file.

        Raises:
            ValueError: If its node does not exist, or it is running already.
        """
        self._pool.start(
            program.node,
            program.instance,
            program.directory / "workdir",
            [str(program.script)],
            {"CONJOIN_SECRET": secret, STARTED_FOR: program.instance},
            program.directory / "stdout.txt",
            program.directory / "stderr.txt",
            extend_env=True,
            files=program.files,
        )

    def _prepare(
        self,
        instance: Reference,
        resources: Resources,
        capabilities: LauncherCapabilities,
        *,
        listens_at: str,
    ) -> PreparedProgram:
        component = self._configuration.model.components[instance.without_trailing_ints()]
        node = resources.nodes[0].node
        directory = self._run_directory.instance_directory(instance)
        order = ScriptOrder(
            directory,
            instance=instance,
            program=self._configuration.program_of(component),
            requirements=self._configuration.resources_of(component),
            resources=resources,
            environment={"MUSCLE_MANAGER": capabilities.manager_location(node, default=listens_at)},
            capabilities=capabilities,
            mounts=self._mounts(instance, shares_files=capabilities.shares_files),
        )
        script = self._scripts.write(order)
        files = None if capabilities.shares_files else self._run_directory.instance_files(instance)
        return PreparedProgram(str(instance), node, directory, script, files)

    def _mounts(self, instance: Reference, *, shares_files: bool) -> tuple[Path, ...]:
        """Return the directories that the program of an instance needs in a container."""
        elsewhere = self._directory_to_resume_from(instance) if shares_files else ()
        return (self._run_directory.path, *elsewhere)

    def _directory_to_resume_from(self, instance: Reference) -> Iterator[Path]:
        """Yield the directory of the snapshot of an instance, if there is one elsewhere."""
        location = self._configuration.resume.get(instance)
        if location is not None and location.startswith("/"):
            directory = Path(location).parent
            if not directory.is_relative_to(self._run_directory.path):
                yield directory

    def _instances_to_start(self) -> list[Reference]:
        return [
            instance
            for component in self._configuration.model.components.values()
            if not self._is_manual(component.name)
            for instance in component.instances()
        ]

    def _is_manual(self, component: Reference) -> bool:
        model = self._configuration.model
        program = self._configuration.program_of(model.components[component])
        return program.execution_model is ExecutionModel.MANUAL
