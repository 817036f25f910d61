"""Starts the programs of instances."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from application.interfaces.node_pool import NodePool
from application.interfaces.run_directory import RunDirectory
from application.interfaces.run_script_writer import RunScriptWriter
from domain.identity import Reference
from domain.model.configuration import Configuration, ExecutionModel
from domain.placement.resources import Resources


class Prepared(NamedTuple):
    """A program that is ready to be started.

    Attributes:
        instance: Name of the instance.
        node: Where it is to run.
        directory: Where its files go.
        script: What starts it.
    """

    instance: str
    node: str
    directory: Path
    script: Path


class ProgramStarter:
    """Writes a run script for each instance, and has an agent start it.

    Args:
        configuration: What is run.
        agents: Start processes.
        run_directory: Where the files go.
        scripts: Writes the scripts.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        agents: NodePool,
        run_directory: RunDirectory,
        scripts: RunScriptWriter,
    ) -> None:
        self._configuration = configuration
        self._agents = agents
        self._run_directory = run_directory
        self._scripts = scripts

    def prepare(
        self,
        plan: Mapping[Reference, Resources],
        *,
        environment: Mapping[str, str],
        bind_to_cores: bool,
    ) -> list[Prepared]:
        """Get all programs ready, except those that the user starts.

        Args:
            plan: Where each instance goes.
            environment: Variables for all of them, beside their programs' own.
            bind_to_cores: Whether they are bound to their cores.

        Raises:
            ConfigurationError: If a file cannot be written.
        """
        return [
            self._prepare(
                instance, plan[instance], environment=environment, bind_to_cores=bind_to_cores
            )
            for instance in self._instances_to_start()
        ]

    def start(self, program: Prepared, environment: Mapping[str, str]) -> None:
        """Start a program.

        Args:
            program: Which.
            environment: Variables that are not in its script.
        """
        self._agents.start(
            program.node,
            program.instance,
            program.directory / "workdir",
            [str(program.script)],
            environment,
            program.directory / "stdout.txt",
            program.directory / "stderr.txt",
            extend_env=True,
        )

    def _prepare(
        self,
        instance: Reference,
        resources: Resources,
        *,
        environment: Mapping[str, str],
        bind_to_cores: bool,
    ) -> Prepared:
        component = self._configuration.model.components[instance.without_trailing_ints()]
        directory = self._run_directory.instance_directory(instance)
        script = self._scripts.write(
            directory,
            instance=instance,
            program=self._configuration.program_of(component),
            requirements=self._configuration.resources_of(component),
            resources=resources,
            environment=environment,
            bind_to_cores=bind_to_cores,
        )
        return Prepared(str(instance), resources.nodes[0].node, directory, script)

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
