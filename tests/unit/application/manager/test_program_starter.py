"""Writing of run scripts, and start commands for agents."""

from dataclasses import replace
from pathlib import Path

from adapters.in_memory.clock import ManualClock
from adapters.in_memory.node_pool import InMemoryNodePool
from adapters.in_memory.run_directory import InMemoryRunDirectory
from adapters.in_memory.run_script_writer import InMemoryRunScriptWriter
from application.manager.program_starter import PreparedProgram, ProgramStarter
from domain.identity import Reference
from domain.model.configuration import Configuration
from domain.running.agents import StartCommand
from domain.running.launcher_capabilities import LauncherCapabilities
from tests.support.models import configuration, nodes
from tests.unit.application.manager.runs import LOOP

(NODE,) = nodes(2)
CAPABILITIES = LauncherCapabilities(manager_locations={"n0": "tcp:n0:1"})


class Bench:
    """A program starter with in-memory adapters."""

    def __init__(self, made: Configuration) -> None:
        self.pool = InMemoryNodePool([NODE], scheduler=ManualClock())
        self.scripts = InMemoryRunScriptWriter()
        self.directory = InMemoryRunDirectory()
        self.starter = ProgramStarter(
            made, pool=self.pool, run_directory=self.directory, scripts=self.scripts
        )

    def prepare(self, *names: str) -> list[PreparedProgram]:
        plan = {Reference(name): nodes(2) for name in names}
        return self.starter.prepare(plan, capabilities=CAPABILITIES, listens_at="tcp:here:1")


def test_all_scripts_are_written_before_any_instance_starts():
    bench = Bench(configuration(LOOP, sizes={"micro": (2,)}))
    prepared = bench.prepare("macro", "micro[0]", "micro[1]")
    assert [program.instance for program in prepared] == ["macro", "micro[0]", "micro[1]"]
    assert [program.node for program in prepared] == ["n0"] * 3
    script = bench.scripts.scripts[prepared[1].script]
    assert script.instance == Reference("micro[0]")
    assert script.environment == {"MUSCLE_MANAGER": "tcp:n0:1"}
    assert script.capabilities is CAPABILITIES
    assert bench.pool.running == {}


def test_containers_see_the_run_directory_and_the_snapshots_to_resume_from():
    elsewhere = {Reference("macro"): "/old/run/macro.pack", Reference("micro"): "relative.pack"}
    bench = Bench(replace(configuration(LOOP), resume=elsewhere))
    mounts = [
        bench.scripts.scripts[program.script].mounts for program in bench.prepare("macro", "micro")
    ]
    assert mounts == [(bench.directory.path, Path("/old/run")), (bench.directory.path,)]


def test_containers_on_nodes_without_the_managers_files_see_the_run_directory_only():
    elsewhere = {Reference("macro"): "/old/run/macro.pack"}
    bench = Bench(replace(configuration(LOOP), resume=elsewhere))
    capabilities = LauncherCapabilities(shares_files=False)
    plan = {Reference(name): nodes(2) for name in ("macro", "micro")}
    (macro, _) = bench.starter.prepare(plan, capabilities=capabilities, listens_at="tcp:here:1")
    assert bench.scripts.scripts[macro.script].mounts == (bench.directory.path,)


def test_run_directory_is_seen_only_once_in_a_container():
    made = configuration(LOOP)
    bench = Bench(made)
    snapshot = bench.directory.path / "snapshots/macro.pack"
    bench = Bench(replace(made, resume={Reference("macro"): str(snapshot)}))
    (macro, _) = bench.prepare("macro", "micro")
    assert bench.scripts.scripts[macro.script].mounts == (bench.directory.path,)


def test_no_script_is_written_for_manually_started_instances():
    bench = Bench(configuration(LOOP, manual=("micro",)))
    assert [program.instance for program in bench.prepare("macro")] == ["macro"]


def test_start_command_has_output_paths_and_secret_environment():
    bench = Bench(configuration(LOOP))
    macro, _ = bench.prepare("macro", "micro")
    bench.starter.start(macro, secret="2")
    place = bench.directory.instance_path(Reference("macro"))
    assert bench.pool.nodes_of == {"macro": "n0"}
    assert bench.pool.running["macro"] == StartCommand(
        "macro",
        place / "workdir",
        (str(macro.script),),
        {"CONJOIN_SECRET": "2", "CONJOIN_STARTED_FOR": "macro"},
        place / "stdout.txt",
        place / "stderr.txt",
        extend_env=True,
    )
