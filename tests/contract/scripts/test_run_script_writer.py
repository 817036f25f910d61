"""What every RunScriptWriter promises; what its scripts do is in test_shell_run_script_writer."""

from abc import ABC, abstractmethod

import pytest

from adapters.in_memory.run_script_writer import InMemoryRunScriptWriter, RunScript
from adapters.run_scripts.writer import ShellRunScriptWriter
from application.interfaces.run_script_writer import RunScriptWriter
from domain.identity import Reference
from domain.model.configuration import Program, Threads
from domain.placement.resources import Core, NodeResources, Resources

MICRO = Reference("micro[3]")
PROGRAM = Program(Reference("p"), executable="/bin/true")
RESOURCES = Resources((NodeResources("here", frozenset({Core(0, frozenset({0}))})),))


def write(writer, directory, *, instance=MICRO, program=PROGRAM, environment=None, bound=False):
    return writer.write(
        directory,
        instance=instance,
        program=program,
        requirements=Threads(),
        resources=RESOURCES,
        environment=environment or {},
        bind_to_cores=bound,
    )


class RunScriptWriterContract(ABC):
    """To be subclassed for each adapter."""

    @pytest.fixture
    @abstractmethod
    def writer(self) -> RunScriptWriter:
        """Return a writer."""

    @pytest.mark.parametrize("bound", [False, True])
    def test_the_script_is_in_the_instances_directory(self, writer, tmp_path, bound):
        path = write(writer, tmp_path, bound=bound)
        assert path.is_absolute()
        assert path.parent == tmp_path

    def test_each_instance_has_a_script_of_its_own(self, writer, tmp_path):
        folders = [tmp_path / "a", tmp_path / "b"]
        for folder in folders:
            folder.mkdir()
        assert len({write(writer, folder) for folder in folders}) == 2

    def test_a_script_is_written_anew(self, writer, tmp_path):
        assert write(writer, tmp_path) == write(writer, tmp_path)

    def test_a_program_may_be_a_script(self, writer, tmp_path):
        program = Program(Reference("p"), script="#!/bin/sh\nexit 3\n")
        assert write(writer, tmp_path, program=program).parent == tmp_path

    def test_what_it_was_given_stays_as_it_was(self, writer, tmp_path):
        environment = {"MUSCLE_MANAGER": "tcp:here:9000"}
        write(writer, tmp_path, environment=environment)
        assert environment == {"MUSCLE_MANAGER": "tcp:here:9000"}


class TestShellRunScriptWriter(RunScriptWriterContract):
    @pytest.fixture
    def writer(self):
        return ShellRunScriptWriter()

    def test_the_script_is_executable_and_nobody_elses_business(self, writer, tmp_path):
        assert write(writer, tmp_path).stat().st_mode & 0o777 == 0o700

    def test_nothing_of_an_older_script_is_left(self, writer, tmp_path):
        write(writer, tmp_path, environment={"OLD": "1"})
        assert "OLD" not in write(writer, tmp_path).read_text()


class TestInMemoryRunScriptWriter(RunScriptWriterContract):
    @pytest.fixture
    def writer(self):
        return InMemoryRunScriptWriter()

    def test_it_keeps_what_the_script_would_be_made_of(self, writer, tmp_path):
        environment = {"A": "1"}
        path = write(writer, tmp_path, environment=environment)
        environment["A"] = "2"
        made_of = RunScript(MICRO, PROGRAM, Threads(), RESOURCES, {"A": "1"}, False)
        assert writer.scripts == {path: made_of}
