"""Contract of RunScriptWriter.

`test_shell_run_script_writer` runs the scripts.
"""

from adapters.in_memory.run_script_writer import InMemoryRunScriptWriter
from adapters.run_scripts.writer import ShellRunScriptWriter
from conjoin.interfaces import LauncherCapabilities, ScriptOrder
from conjoin.testing import RunScriptWriterContract
from conjoin.testing.run_script_writer import MICRO, PROGRAM, RESOURCES, write
from domain.model.configuration import Threads


class TestShellRunScriptWriter(RunScriptWriterContract):
    def make(self):
        return ShellRunScriptWriter()

    def test_script_is_executable_by_its_owner_only(self, writer, tmp_path):
        assert write(writer, tmp_path).stat().st_mode & 0o777 == 0o700

    def test_new_script_replaces_the_old_one(self, writer, tmp_path):
        write(writer, tmp_path, environment={"OLD": "1"})
        assert "OLD" not in write(writer, tmp_path).read_text()


class TestInMemoryRunScriptWriter(RunScriptWriterContract):
    def make(self):
        return InMemoryRunScriptWriter()

    def test_contents_of_the_script_are_recorded(self, writer, tmp_path):
        environment = {"A": "1"}
        path = write(writer, tmp_path, environment=environment)
        environment["A"] = "2"
        unbound = LauncherCapabilities(binds_cores=False)
        order = ScriptOrder(tmp_path, MICRO, PROGRAM, Threads(), RESOURCES, {"A": "1"}, unbound)
        assert writer.scripts == {path: order}
