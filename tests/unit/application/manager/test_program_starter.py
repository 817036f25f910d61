"""Writing of run scripts, and start commands for agents."""

from typing import Any

from adapters.in_memory.run_directory import InMemoryRunDirectory
from adapters.in_memory.run_script_writer import InMemoryRunScriptWriter
from application.manager.program_starter import Prepared, ProgramStarter
from domain.identity import Reference
from domain.model.configuration import Configuration
from tests.support.models import configuration, nodes
from tests.unit.application.manager.runs import LOOP


class Agents:
    """Records start commands."""

    def __init__(self) -> None:
        self.started: list[tuple[Any, ...]] = []

    def start(self, *arguments: object, extend_env: bool) -> None:
        self.started.append((*arguments, extend_env))


class Bench:
    """A program starter with in-memory adapters."""

    def __init__(self, made: Configuration) -> None:
        self.agents = Agents()
        self.scripts = InMemoryRunScriptWriter()
        self.directory = InMemoryRunDirectory()
        self.starter = ProgramStarter(
            made, agents=self.agents, run_directory=self.directory, scripts=self.scripts
        )

    def prepare(self, *names: str) -> list[Prepared]:
        plan = {Reference(name): nodes(2) for name in names}
        return self.starter.prepare(plan, environment={"A": "1"}, bind_to_cores=True)


def test_all_scripts_are_written_before_any_instance_starts():
    bench = Bench(configuration(LOOP, sizes={"micro": (2,)}))
    prepared = bench.prepare("macro", "micro[0]", "micro[1]")
    assert [program.instance for program in prepared] == ["macro", "micro[0]", "micro[1]"]
    assert [program.node for program in prepared] == ["n0"] * 3
    script = bench.scripts.scripts[prepared[1].script]
    assert script.instance == Reference("micro[0]")
    assert script.environment == {"A": "1"}
    assert script.bind_to_cores
    assert bench.agents.started == []


def test_no_script_is_written_for_manually_started_instances():
    bench = Bench(configuration(LOOP, manual=("micro",)))
    assert [program.instance for program in bench.prepare("macro")] == ["macro"]


def test_start_command_has_output_paths_and_secret_environment():
    bench = Bench(configuration(LOOP))
    macro, _ = bench.prepare("macro", "micro")
    bench.starter.start(macro, {"SECRET": "2"})
    place = bench.directory.instance_path(Reference("macro"))
    assert bench.agents.started == [
        (
            "n0",
            "macro",
            place / "workdir",
            [str(macro.script)],
            {"SECRET": "2"},
            place / "stdout.txt",
            place / "stderr.txt",
            True,
        )
    ]
