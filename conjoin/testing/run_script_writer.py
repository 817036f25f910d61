"""The contract of `RunScriptWriter`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

import pytest

from conjoin.configuration import Program, Threads
from conjoin.interfaces import (
    Core,
    LauncherCapabilities,
    NodeResources,
    Reference,
    Resources,
    RunScriptWriter,
    ScriptOrder,
)

MICRO = Reference("micro[3]")
PROGRAM = Program(Reference("p"), executable="/bin/true")
RESOURCES = Resources((NodeResources("here", frozenset({Core(0, frozenset({0}))})),))


def write(
    writer: RunScriptWriter,
    directory: Path,
    *,
    instance: Reference = MICRO,
    program: Program = PROGRAM,
    environment: Mapping[str, str] | None = None,
    bound: bool = False,
) -> Path:
    """Write a script, with arbitrary values for the rest, and return its path."""
    order = ScriptOrder(
        directory,
        instance=instance,
        program=program,
        requirements=Threads(),
        resources=RESOURCES,
        environment=environment or {},
        capabilities=LauncherCapabilities(binds_cores=bound),
    )
    return writer.write(order)


class RunScriptWriterContract(ABC):
    """Tests for a writer of run scripts."""

    @abstractmethod
    def make(self) -> RunScriptWriter:
        """Return a new writer."""

    @pytest.fixture
    def writer(self) -> RunScriptWriter:
        return self.make()

    @pytest.mark.parametrize("bound", [False, True])
    def test_script_is_in_the_directory_of_the_instance(
        self, writer: RunScriptWriter, tmp_path: Path, bound: bool
    ) -> None:
        path = write(writer, tmp_path, bound=bound)
        assert path.is_absolute()
        assert path.parent == tmp_path

    def test_each_instance_gets_a_separate_script(
        self, writer: RunScriptWriter, tmp_path: Path
    ) -> None:
        folders = [tmp_path / "a", tmp_path / "b"]
        for folder in folders:
            folder.mkdir()
        assert len({write(writer, folder) for folder in folders}) == 2

    def test_script_can_be_written_again(self, writer: RunScriptWriter, tmp_path: Path) -> None:
        assert write(writer, tmp_path) == write(writer, tmp_path)

    def test_program_can_be_a_script(self, writer: RunScriptWriter, tmp_path: Path) -> None:
        program = Program(Reference("p"), script="#!/bin/sh\nexit 3\n")
        assert write(writer, tmp_path, program=program).parent == tmp_path

    def test_environment_of_the_caller_is_not_changed(
        self, writer: RunScriptWriter, tmp_path: Path
    ) -> None:
        environment = {"MUSCLE_MANAGER": "tcp:here:9000"}
        write(writer, tmp_path, environment=environment)
        assert environment == {"MUSCLE_MANAGER": "tcp:here:9000"}
