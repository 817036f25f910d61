"""Tests of run scripts, executed by a real shell."""

import json
import os
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from adapters.run_scripts.writer import ShellRunScriptWriter
from application.interfaces.run_script_writer import ScriptOrder
from domain.errors import ConfigurationError
from domain.identity import Reference
from domain.model.configuration import BaseEnv, ExecutionModel, MpiCores, Program, Threads
from domain.model.containers import Container, ContainerRunner
from domain.model.shell_words import literally
from domain.placement.resources import Core, Gpu, GpuKind, NodeResources, Resources
from domain.running.launcher_capabilities import LauncherCapabilities

NASTY = "a b'c\"d$(touch pwned)`touch pwned`$HOME\\ *;&|<>\n#é"
SHOW = """\
import json, os, sys
print(json.dumps({"args": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd(),
                  "pid": os.getpid(), "cpus": sorted(os.sched_getaffinity(0))}))
"""

RUNNER = """\
#!/bin/sh
before=
for word; do
    shift
    if [ "$word" = IMAGE ]; then break; fi
    before="$before[$word]"
done
RUNNER_OPTIONS="$before" exec "$@"
"""
"""Runs what follows the name of the image, with the options before it in the environment."""

PRINT = """\
import os
print(os.environ["MUSCLE_INSTANCE"], os.environ["MUSCLE_THREADS"])
print(os.getcwd())
exit(5)
"""


def resources(*nodes: str, cores: int = 2) -> Resources:
    return Resources(
        tuple(
            NodeResources(node, frozenset(Core(n, frozenset({n})) for n in range(cores)))
            for node in nodes or ("here",)
        )
    )


class Bench:
    """Writes and runs scripts in the directory of an instance."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.workdir = directory / "workdir"
        self.workdir.mkdir(parents=True)
        self.show = directory / "show it.py"
        self.show.write_text(f"#!{sys.executable}\n{SHOW}")
        self.show.chmod(0o755)

    def write(
        self,
        requirements: Any = None,
        bound: Resources | None = None,
        *,
        mounts: tuple[Path, ...] = (),
        **program: Any,
    ) -> Path:
        if "script" not in program:
            program.setdefault("executable", str(self.show))
        order = ScriptOrder(
            self.directory,
            instance=Reference("micro[3]"),
            program=Program(Reference("p"), **program),
            requirements=requirements or Threads(),
            resources=bound or resources(),
            environment={"MUSCLE_MANAGER": "tcp:here:9000"},
            capabilities=LauncherCapabilities(binds_cores=bound is not None),
            mounts=mounts,
        )
        return ShellRunScriptWriter().write(order)

    def run(
        self, script: Path | Sequence[str], env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [script] if isinstance(script, Path) else script,
            cwd="/",
            env=dict(os.environ) | dict(env or {}),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def shown(self, script: Path, env: Mapping[str, str] | None = None) -> dict[str, Any]:
        done = self.run(script, env)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result

    def fake_runner(self, name: str) -> dict[str, str]:
        """Put a container runner on the path that runs the program, and prints its own options."""
        folder = self.directory / "fakes"
        folder.mkdir(exist_ok=True)
        runner = folder / name
        runner.write_text(RUNNER)
        runner.chmod(0o755)
        return {"PATH": f"{folder}:{os.environ['PATH']}"}

    def fake(self, name: str) -> dict[str, str]:
        """Put a program on the path that prints its arguments and environment."""
        folder = self.directory / "fakes"
        folder.mkdir(exist_ok=True)
        shutil.copy(self.show, folder / name)
        return {"PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "micro[3] it's")


def test_script_is_executable_in_the_instance_directory(bench: Bench) -> None:
    script = bench.write()
    assert script == bench.directory / "run_script.sh"
    assert stat.S_IMODE(script.stat().st_mode) == 0o700


def test_program_runs_in_the_working_directory(bench: Bench) -> None:
    assert bench.shown(bench.write())["cwd"] == str(bench.workdir)


def test_program_replaces_the_shell_process(bench: Bench) -> None:
    script = bench.write()
    process = subprocess.Popen([script], stdout=subprocess.PIPE, text=True)
    output, _ = process.communicate(timeout=60)
    assert f'"pid": {process.pid}' in output


def test_exit_code_of_the_program_is_passed_on(bench: Bench) -> None:
    script = bench.write(executable="/bin/sh", args=("-c", "exit 9"))
    assert bench.run(script).returncode == 9


def test_environment_has_instance_name_and_manager_location(bench: Bench) -> None:
    env = bench.shown(bench.write())["env"]
    assert (env["MUSCLE_INSTANCE"], env["MUSCLE_MANAGER"]) == ("micro[3]", "tcp:here:9000")


def test_only_variables_are_expanded_in_a_list_of_arguments(bench: Bench) -> None:
    args = ("-n", "$MUSCLE_THREADS", NASTY, "")
    expected = ["-n", "4", NASTY.replace("$HOME", "/my home"), ""]
    env = {"HOME": "/my home"}
    assert bench.shown(bench.write(Threads(4), args=args), env)["args"] == expected
    assert not list(bench.workdir.iterdir())


def test_variable_values_in_a_list_of_arguments_are_not_interpreted(bench: Bench) -> None:
    env = {"NASTY": NASTY, "HOME": "/my home"}
    script = bench.write(args=("$NASTY", "x${NASTY}", "~/a b"))
    assert bench.shown(script, env)["args"] == [NASTY, f"x{NASTY}", "/my home/a b"]
    assert not list(bench.workdir.iterdir())


def test_arguments_may_contain_the_programs_own_variables(bench: Bench) -> None:
    script = bench.write(env={"OWN": "$MUSCLE_INSTANCE *"}, args=("$OWN", "$MUSCLE_INSTANCE"))
    assert bench.shown(script)["args"] == ["$MUSCLE_INSTANCE *", "micro[3]"]


@pytest.mark.parametrize("path", ["$THERE/show it.py", "${THERE}/show it.py", "~/show it.py"])
@pytest.mark.parametrize("args", ["a b", ("a", "b")])
def test_variables_in_the_path_of_an_executable_are_expanded(
    bench: Bench, path: str, args: str | tuple[str, ...]
) -> None:
    env = {"THERE": str(bench.directory), "HOME": str(bench.directory)}
    assert bench.shown(bench.write(executable=path, args=args), env)["args"] == ["a", "b"]


def test_executable_may_be_a_single_variable(bench: Bench) -> None:
    assert bench.shown(bench.write(executable="$SHOW"), {"SHOW": str(bench.show)})["args"] == []


def test_empty_executable_variable_is_an_error(
    bench: Bench,
) -> None:
    done = bench.run(bench.write(executable="$UNSET", args=(str(bench.show),)))
    assert done.returncode == 127


def test_string_of_arguments_is_interpreted_by_the_shell(bench: Bench) -> None:
    script = bench.write(Threads(4), args="-n $MUSCLE_THREADS 'a b' \"$(echo c d)\"\n")
    assert bench.shown(script)["args"] == ["-n", "4", "a b", "c d"]


def test_string_of_arguments_may_redirect_and_chain_commands(bench: Bench) -> None:
    done = bench.run(bench.write(executable="/bin/echo", args="one > file; echo two | tr o O"))
    assert done.stdout == "twO\n"
    assert (bench.workdir / "file").read_text() == "one\n"


def test_environment_values_are_not_interpreted(bench: Bench) -> None:
    assert bench.shown(bench.write(env={"VALUE": NASTY}))["env"]["VALUE"] == NASTY
    assert not list(bench.workdir.iterdir())


def test_variables_with_unusual_names_are_set(bench: Bench) -> None:
    env = bench.shown(bench.write(env={"my.odd-name": NASTY}))["env"]
    assert env["my.odd-name"] == NASTY


@pytest.mark.parametrize(("inherited", "value"), [({"V": "/a"}, "/a:/b c"), ({}, ":/b c")])
def test_plus_appends_to_an_inherited_variable(
    bench: Bench, inherited: dict[str, str], value: str
) -> None:
    assert bench.shown(bench.write(env={"+V": ":/b c"}), inherited)["env"]["V"] == value


def test_programs_variables_override_the_instance_name(bench: Bench) -> None:
    env = bench.shown(bench.write(env={"MUSCLE_INSTANCE": "x"}))["env"]
    assert env["MUSCLE_INSTANCE"] == "x"


def test_resource_variables_override_the_programs_variables(bench: Bench) -> None:
    env = bench.shown(bench.write(Threads(3), env={"OMP_NUM_THREADS": "99"}))["env"]
    assert (env["OMP_NUM_THREADS"], env["MUSCLE_THREADS"]) == ("3", "3")


def test_executable_name_may_contain_special_characters(bench: Bench) -> None:
    program = bench.directory / "pro gram $(touch pwned);*`"
    shutil.copy(bench.show, program)
    assert bench.shown(bench.write(executable=str(program)))["args"] == []


def test_dollar_sign_in_an_executable_name_can_be_escaped(
    bench: Bench,
) -> None:
    program = bench.directory / "$HOME"
    shutil.copy(bench.show, program)
    assert bench.shown(bench.write(executable=literally(str(program))))["args"] == []


def test_executable_is_found_on_the_path(bench: Bench) -> None:
    env = bench.fake("program")
    assert bench.shown(bench.write(executable="program"), env)["args"] == []


def test_missing_executable_is_named_in_the_error(bench: Bench) -> None:
    done = bench.run(bench.write(executable="/no/program"))
    assert done.returncode == 127
    assert "/no/program" in done.stderr


def test_virtual_environment_is_activated(bench: Bench) -> None:
    venv = make_venv(bench.directory / "my venv")
    env = bench.shown(bench.write(virtual_env=str(venv)))["env"]
    assert env["VIRTUAL_ENV"] == str(venv)
    assert env["PATH"].startswith(f"{venv}/bin:")


def test_virtual_environment_replaces_the_active_one(bench: Bench) -> None:
    old, new = make_venv(bench.directory / "old"), make_venv(bench.directory / "new")
    active = {"VIRTUAL_ENV": str(old), "PATH": f"{old}/bin:{os.environ['PATH']}"}
    env = bench.shown(bench.write(virtual_env=str(new)), active)["env"]
    assert env["VIRTUAL_ENV"] == str(new)
    assert str(old) not in env["PATH"]


@pytest.mark.parametrize("written", ["$VENVS/my venv", "${VENVS}/my venv", "~/my venv", "$VENV"])
def test_variables_in_the_path_of_a_virtual_environment_are_expanded(
    bench: Bench, written: str
) -> None:
    venv = make_venv(bench.directory / "my venv")
    there = str(bench.directory)
    inherited = {"VENVS": there, "HOME": there, "VENV": str(venv)}
    env = bench.shown(bench.write(virtual_env=written), inherited)["env"]
    assert env["VIRTUAL_ENV"] == str(venv)
    assert "conjoin_venv" not in env


def test_active_virtual_environment_can_be_activated_again(bench: Bench) -> None:
    venv = make_venv(bench.directory / "my venv")
    active = {"VIRTUAL_ENV": str(venv), "PATH": f"{venv}/bin:{os.environ['PATH']}"}
    assert bench.shown(bench.write(virtual_env="$VIRTUAL_ENV"), active)["env"] == {
        **bench.shown(bench.write(virtual_env=str(venv)), active)["env"]
    }


def test_executable_path_may_contain_the_virtual_environment_variable(bench: Bench) -> None:
    venv = make_venv(bench.directory / "my venv")
    shutil.copy(bench.show, venv / "bin/show")
    script = bench.write(virtual_env=str(venv), executable="$VIRTUAL_ENV/bin/show")
    assert bench.shown(script)["env"]["VIRTUAL_ENV"] == str(venv)


@pytest.mark.parametrize("written", ["/no/venv", "$NO/venv"])
def test_missing_virtual_environment_is_an_error(bench: Bench, written: str) -> None:
    done = bench.run(bench.write(virtual_env=written), {"NO": "/no"})
    assert done.returncode == 1
    assert "virtual environment /no/venv could not be activated" in done.stderr


def make_venv(path: Path) -> Path:
    (path / "bin").mkdir(parents=True)
    (path / "bin/activate").write_text(
        f'export VIRTUAL_ENV={shlex.quote(str(path))}\nexport PATH="$VIRTUAL_ENV/bin:$PATH"\n'
    )
    return path


@pytest.fixture
def modules(bench: Bench) -> dict[str, str]:
    """A fake installation of environment modules."""
    home = bench.directory / "modules home"
    (home / "init").mkdir(parents=True)
    (home / "init/bash").write_text(
        "module() {\n"
        '    if [ "$2" = missing ]; then return 1; fi\n'
        '    export CALLS="${CALLS-}[$*]"\n'
        "}\n"
    )
    return {"MODULESHOME": str(home)}


def test_modules_are_loaded_in_order(bench: Bench, modules: dict[str, str]) -> None:
    env = bench.shown(bench.write(modules=("gcc/12", "a b")), modules)["env"]
    assert env["CALLS"] == "[load gcc/12][load a b]"


def test_variables_in_module_names_are_expanded(bench: Bench, modules: dict[str, str]) -> None:
    script = bench.write(modules=("$COMPILER/12", "${COMPILER};b"))
    env = bench.shown(script, {**modules, "COMPILER": "g c"})["env"]
    assert env["CALLS"] == "[load g c/12][load g c;b]"


def test_module_that_fails_to_load_is_an_error(bench: Bench, modules: dict[str, str]) -> None:
    done = bench.run(bench.write(modules=("missing",)), modules)
    assert done.returncode == 1
    assert "module missing could not be loaded" in done.stderr


def test_missing_module_command_is_an_error(bench: Bench) -> None:
    if Path("/etc/profile.d/modules.sh").exists():
        pytest.skip("this machine has environment modules")
    done = bench.run(bench.write(modules=("gcc",)), {"MODULESHOME": "", "LMOD_PKG": ""})
    assert done.returncode == 1
    assert "module gcc could not be loaded" in done.stderr


def test_clean_environment_has_no_modules_and_no_virtual_environment(
    bench: Bench, modules: dict[str, str]
) -> None:
    venv = make_venv(bench.directory / "venv")
    active = {"VIRTUAL_ENV": str(venv), "PATH": f"{venv}/bin:{os.environ['PATH']}", "KEEP": "1"}
    script = bench.write(base_env=BaseEnv.CLEAN, modules=("gcc",))
    env = bench.shown(script, modules | active)["env"]
    assert env["CALLS"] == "[purge][load gcc]"
    assert "VIRTUAL_ENV" not in env
    assert env["PATH"] == os.environ["PATH"]
    assert env["KEEP"] == "1"


def test_clean_environment_works_without_a_module_command(bench: Bench) -> None:
    assert bench.shown(bench.write(base_env=BaseEnv.CLEAN))["cwd"] == str(bench.workdir)


def test_environment_of_the_manager_is_inherited(bench: Bench) -> None:
    assert bench.shown(bench.write(), {"OURS": NASTY})["env"]["OURS"] == NASTY


def test_login_environment_comes_from_a_login_shell(bench: Bench) -> None:
    home = bench.directory / "home"
    home.mkdir()
    (home / ".bash_profile").write_text("export FROM_PROFILE=yes\ncd /\n")
    inherited = {
        "HOME": str(home),
        "OURS": "1",
        "SLURM_JOB_ID": "7",
        "CONJOIN_SECRET": "s",
        "CONJOIN_LOGIN_SHELL": "1",
        "VIRTUAL_ENV": "/v",
    }
    script = bench.write(base_env=BaseEnv.LOGIN, env={"+A": "b"})
    shown = bench.shown(script, inherited)
    env = shown["env"]
    assert env["FROM_PROFILE"] == "yes"
    assert (env["HOME"], env["SLURM_JOB_ID"], env["CONJOIN_SECRET"]) == (str(home), "7", "s")
    assert (env["MUSCLE_INSTANCE"], env["A"]) == ("micro[3]", "b")
    assert not {"OURS", "VIRTUAL_ENV", "CONJOIN_LOGIN_SHELL"} & set(env)
    assert shown["cwd"] == str(bench.workdir)


def test_program_replaces_the_login_shell_process(bench: Bench) -> None:
    process = subprocess.Popen(
        [bench.write(base_env=BaseEnv.LOGIN)], stdout=subprocess.PIPE, text=True
    )
    output, _ = process.communicate(timeout=60)
    assert f'"pid": {process.pid}' in output


@pytest.mark.parametrize(
    "text",
    [
        "#!/bin/sh\necho $MUSCLE_INSTANCE $MUSCLE_THREADS; pwd; exit 5\n",
        "echo $MUSCLE_INSTANCE $MUSCLE_THREADS; pwd; exit 5",
        f"#!{sys.executable}\n{PRINT}",
    ],
)
def test_given_script_runs_unchanged(bench: Bench, text: str) -> None:
    done = bench.run(bench.write(Threads(2), script=text))
    assert (done.stdout, done.returncode) == (f"micro[3] 2\n{bench.workdir}\n", 5)


def test_program_is_bound_to_its_cores(bench: Bench) -> None:
    (cpu, *_) = sorted(os.sched_getaffinity(0))
    one = Resources((NodeResources("here", frozenset({Core(0, frozenset({cpu}))})),))
    shown = bench.shown(bench.write(bound=one))
    assert shown["cpus"] == [cpu]
    assert shown["env"]["MUSCLE_BIND_LIST"] == str(cpu)
    assert shown["env"]["MUSCLE_BIND_MASK"] == f"{1 << cpu:X}"


def test_given_script_is_bound_to_its_cores(bench: Bench) -> None:
    (cpu, *_) = sorted(os.sched_getaffinity(0))
    one = Resources((NodeResources("here", frozenset({Core(0, frozenset({cpu}))})),))
    assert bench.shown(bench.write(bound=one, script=bench.show.read_text()))["cpus"] == [cpu]


def hyperthreads(*cores: int) -> Resources:
    """Return cores with two hardware threads each, of which this machine has the first."""
    found = frozenset(Core(core, frozenset({core, core + 8})) for core in cores)
    return Resources((NodeResources("here", found),))


def test_threads_of_openmp_are_bound_to_the_cores(bench: Bench) -> None:
    env = bench.shown(bench.write(Threads(2), hyperthreads(0, 1)))["env"]
    assert env["OMP_NUM_THREADS"] == "2"
    assert env["OMP_PLACES"] == "{0,8},{1,9}"
    assert env["OMP_PROC_BIND"] == "close"


def test_threads_of_openmp_in_mpi_processes_are_bound_to_the_cores_of_each(bench: Bench) -> None:
    script = bench.write(
        MpiCores(2, 2), resources("a", cores=4), execution_model=ExecutionModel.OPENMPI
    )
    shown = bench.shown(script, bench.fake("mpirun"))
    assert shown["env"]["OMP_NUM_THREADS"] == "2"
    assert shown["env"]["OMP_PLACES"] == "cores"
    assert shown["env"]["OMP_PROC_BIND"] == "close"
    rank_file = Path(shown["env"]["MUSCLE_RANKFILE"]).read_text()
    assert rank_file == "rank 0=a slot=0,1\nrank 1=a slot=2,3\n"


def test_program_may_bind_its_threads_itself(bench: Bench) -> None:
    own = {"OMP_PLACES": "sockets", "OMP_PROC_BIND": "spread", "OMP_NUM_THREADS": "9"}
    env = bench.shown(bench.write(Threads(2), hyperthreads(0, 1), env=own))["env"]
    assert (env["OMP_PLACES"], env["OMP_PROC_BIND"]) == ("sockets", "spread")
    assert env["OMP_NUM_THREADS"] == "2"


def test_unbound_program_has_no_binding_of_threads(bench: Bench) -> None:
    env = bench.shown(bench.write(Threads(2)))["env"]
    assert not {"OMP_PLACES", "OMP_PROC_BIND"} & set(env)


def test_program_is_not_bound_if_binding_is_off(bench: Bench) -> None:
    shown = bench.shown(bench.write())
    assert shown["cpus"] == sorted(os.sched_getaffinity(0))
    assert "MUSCLE_BIND_LIST" not in shown["env"]


MPI = [
    (ExecutionModel.OPENMPI, "mpirun"),
    (ExecutionModel.INTELMPI, "mpirun"),
    (ExecutionModel.SRUNMPI, "srun"),
]


@pytest.mark.parametrize(("model", "launcher"), MPI)
@pytest.mark.parametrize("bound", [None, resources("a", "b")])
def test_mpi_program_is_started_with_mpirun(
    bench: Bench, model: ExecutionModel, launcher: str, bound: Resources | None
) -> None:
    fake = bench.fake(launcher)
    script = bench.write(
        MpiCores(4), bound, execution_model=model, executable="my $NAME", args=(literally(NASTY),)
    )
    shown = bench.shown(script, {**fake, "NAME": "program"})
    args, env = shown["args"], shown["env"]
    assert args[-2:] == ["my program", NASTY]
    assert args[args.index("-np" if "-np" in args else "-n") + 1] == "4"
    assert (env["MUSCLE_MPI_PROCESSES"], env["OMP_NUM_THREADS"]) == ("4", "1")
    assert ("MUSCLE_RANKFILE" in env) == (bound is not None)


def test_open_mpi_uses_a_rank_file(bench: Bench) -> None:
    script = bench.write(MpiCores(4), resources("a", "b"), execution_model=ExecutionModel.OPENMPI)
    shown = bench.shown(script, bench.fake("mpirun"))
    rank_file = shown["env"]["MUSCLE_RANKFILE"]
    assert Path(rank_file).read_text() == (
        "rank 0=a slot=0\nrank 1=a slot=1\nrank 2=b slot=0\nrank 3=b slot=1\n"
    )
    assert shown["args"][:4] == ["-np", "4", "--rankfile", rank_file]


def test_open_mpi_passes_variables_on_to_other_nodes(bench: Bench) -> None:
    script = bench.write(
        MpiCores(4),
        resources("a", "b"),
        execution_model=ExecutionModel.OPENMPI,
        env={"MY_OWN": "two words", "not-exportable": "x"},
    )
    variables = {**bench.fake("mpirun"), "HOSTNAME": "here", "SLURM_JOB_ID": "1", "TOKEN": "secret"}
    args = bench.shown(script, variables)["args"]
    names = [name for option, name in pairwise(args) if option == "-x"]
    expected = {"MUSCLE_INSTANCE", "MUSCLE_MANAGER", "OMP_NUM_THREADS", "MY_OWN", "PATH", "TOKEN"}
    assert expected <= set(names)
    assert not {"HOSTNAME", "SLURM_JOB_ID", "PWD", "not-exportable"} & set(names)
    assert "secret" not in args


def test_intel_mpi_uses_a_machine_file_and_domains(bench: Bench) -> None:
    script = bench.write(MpiCores(4), resources("a", "b"), execution_model=ExecutionModel.INTELMPI)
    shown = bench.shown(script, bench.fake("mpirun"))
    assert Path(shown["env"]["MUSCLE_RANKFILE"]).read_text() == "a:2\nb:2\n"
    assert shown["env"]["I_MPI_PIN_DOMAIN"] == "[1,2]"


def test_slurm_uses_a_host_file_and_masks(bench: Bench) -> None:
    script = bench.write(MpiCores(4), resources("a", "b"), execution_model=ExecutionModel.SRUNMPI)
    shown = bench.shown(script, bench.fake("srun"))
    assert Path(shown["env"]["SLURM_HOSTFILE"]).read_text() == "a\na\nb\nb\n"
    assert shown["env"]["MUSCLE_BIND_MASK"] == "0x1,0x2"


def test_slurm_does_not_confine_tasks_to_fewer_cores(bench: Bench) -> None:
    script = bench.write(MpiCores(2), resources("a"), execution_model=ExecutionModel.SRUNMPI)
    limits = {"SRUN_CPUS_PER_TASK": "1", "SLURM_NTASKS_PER_NODE": "1", "SLURM_JOB_ID": "7"}
    env = bench.shown(script, {**bench.fake("srun"), **limits})["env"]
    assert {name for name in limits if name in env} == {"SLURM_JOB_ID"}


@pytest.mark.parametrize("rank", [0, 1])
def test_tasks_of_slurm_are_bound_to_their_cpus(bench: Bench, rank: int) -> None:
    cpus = sorted(os.sched_getaffinity(0))[:2]
    cores = frozenset(Core(number, frozenset({cpu})) for number, cpu in enumerate(cpus))
    bound = Resources((NodeResources("a", cores),))
    script = bench.write(MpiCores(len(cpus)), bound, execution_model=ExecutionModel.SRUNMPI)
    args = bench.shown(script, bench.fake("srun"))["args"]
    assert "--cpu-bind=none" in args
    task = args[args.index("sh") :]
    done = bench.run(task, {"SLURM_PROCID": str(rank % len(cpus))})
    assert json.loads(done.stdout)["cpus"] == [cpus[rank % len(cpus)]]


def test_tasks_of_slurm_with_different_cpus_on_each_node_are_bound(bench: Bench) -> None:
    bound = Resources(
        tuple(
            NodeResources(node, frozenset({Core(0, frozenset({cpu}))}))
            for node, cpu in (("a", 3), ("b", 5))
        )
    )
    bench.write(MpiCores(2), bound, execution_model=ExecutionModel.SRUNMPI)
    assert (bench.directory / "rank_cpus").read_text() == "3\n5\n"


def test_given_script_of_an_mpi_program_gets_the_mpi_variables(bench: Bench) -> None:
    script = bench.write(
        MpiCores(2),
        resources("a"),
        execution_model=ExecutionModel.OPENMPI,
        script="#!/bin/sh\nmpirun -n $MUSCLE_MPI_PROCESSES -rf $MUSCLE_RANKFILE\n",
    )
    args = bench.shown(script, bench.fake("mpirun"))["args"]
    assert args[:3] == ["-n", "2", "-rf"]


def gpus(kind: GpuKind, *devices: str) -> Resources:
    node = replace(resources().nodes[0], gpus=tuple(Gpu(kind, device) for device in devices))
    return Resources((node,))


def test_program_sees_only_its_gpus(bench: Bench) -> None:
    script = bench.write(Threads(1, gpus=2), gpus(GpuKind.NVIDIA, "1", "3"))
    env = bench.shown(script, {"CUDA_VISIBLE_DEVICES": "0,1,2,3"})["env"]
    assert env["CUDA_VISIBLE_DEVICES"] == "1,3"
    assert env["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"


def test_program_without_assigned_gpus_keeps_the_inherited_ones(bench: Bench) -> None:
    env = bench.shown(bench.write(), {"CUDA_VISIBLE_DEVICES": "0,1"})["env"]
    assert env["CUDA_VISIBLE_DEVICES"] == "0,1"


def contained(runner: ContainerRunner, *options: str) -> Container:
    return Container("IMAGE", runner, options)


RUNNERS = list(ContainerRunner)


@pytest.mark.parametrize("runner", RUNNERS)
def test_program_runs_in_its_container_with_its_arguments(
    bench: Bench, runner: ContainerRunner
) -> None:
    script = bench.write(container=contained(runner), args=("a b", NASTY.replace("$HOME", "")))
    shown = bench.shown(script, bench.fake_runner(runner.value))
    assert shown["args"] == ["a b", NASTY.replace("$HOME", "")]
    assert shown["env"]["RUNNER_OPTIONS"].startswith("[exec]" if runner is APPTAINER else "[run]")


@pytest.mark.parametrize("runner", RUNNERS)
def test_shell_text_and_scripts_run_in_containers(bench: Bench, runner: ContainerRunner) -> None:
    env = bench.fake_runner(runner.value)
    script = bench.write(Threads(4), container=contained(runner), args="-n $MUSCLE_THREADS")
    assert bench.shown(script, env)["args"] == ["-n", "4"]
    text = "#!/bin/sh\necho $RUNNER_OPTIONS; exit 7\n"
    done = bench.run(bench.write(script=text, container=contained(runner)), env)
    assert done.returncode == 7
    assert "workdir" in done.stdout


APPTAINER = ContainerRunner.APPTAINER


def test_apptainer_mounts_the_run_directory_and_works_in_that_of_the_instance(
    bench: Bench,
) -> None:
    mounts = (Path("/run dir"), Path("/old"))
    script = bench.write(container=contained(APPTAINER, "--nv", "$OPTION"), mounts=mounts)
    env = {**bench.fake_runner("apptainer"), "OPTION": "--x y"}
    assert bench.shown(script, env)["env"]["RUNNER_OPTIONS"] == (
        f"[exec][--bind][/run dir][--bind][/old][--pwd][{bench.workdir}][--nv][--x y]"
    )


@pytest.mark.parametrize("runner", [ContainerRunner.PODMAN, ContainerRunner.DOCKER])
def test_oci_runner_mounts_directories_and_passes_variables_by_name(
    bench: Bench, runner: ContainerRunner
) -> None:
    script = bench.write(
        container=contained(runner, "--memory=1g"),
        mounts=(Path("/run dir"),),
        env={"OWN": "private", "+PATH": ":/more"},
    )
    env = {**bench.fake_runner(runner.value), "CONJOIN_SECRET": "s3cret"}
    options = bench.shown(script, env)["env"]["RUNNER_OPTIONS"]
    for word in (
        "[--rm]",
        "[--network=host]",
        "[--volume=/run dir:/run dir]",
        f"[--workdir={bench.workdir}]",
        "[--env=MUSCLE_INSTANCE]",
        "[--env=MUSCLE_MANAGER]",
        "[--env=MUSCLE_THREADS]",
        "[--env=CONJOIN_SECRET]",
        "[--env=OWN]",
    ):
        assert word in options
    assert options.endswith("[--memory=1g]")
    assert "PATH" not in options


@pytest.mark.parametrize("runner", RUNNERS)
def test_no_value_of_a_variable_is_on_the_command_line_of_a_runner(
    bench: Bench, runner: ContainerRunner
) -> None:
    script = bench.write(container=contained(runner), env={"OWN": "private"})
    env = {**bench.fake_runner(runner.value), "CONJOIN_SECRET": "s3cret"}
    shown = bench.shown(script, env)["env"]
    assert (shown["OWN"], shown["CONJOIN_SECRET"]) == ("private", "s3cret")
    assert not {"private", "s3cret", "tcp:here:9000"} & set(shown["RUNNER_OPTIONS"].split("]"))
    assert "private" not in shown["RUNNER_OPTIONS"]
    assert "s3cret" not in shown["RUNNER_OPTIONS"]


@pytest.mark.parametrize(
    ("runner", "kind", "option"),
    [
        (APPTAINER, GpuKind.NVIDIA, "[--nv]"),
        (APPTAINER, GpuKind.AMD, "[--rocm]"),
        (ContainerRunner.PODMAN, GpuKind.NVIDIA, "[--device=nvidia.com/gpu=all]"),
        (ContainerRunner.PODMAN, GpuKind.AMD, "[--device=/dev/kfd][--device=/dev/dri]"),
        (ContainerRunner.DOCKER, GpuKind.NVIDIA, "[--gpus=all]"),
        (ContainerRunner.DOCKER, GpuKind.AMD, "[--device=/dev/kfd][--device=/dev/dri]"),
    ],
)
def test_container_gets_the_gpus_of_its_instance(
    bench: Bench, runner: ContainerRunner, kind: GpuKind, option: str
) -> None:
    script = bench.write(Threads(gpus=1), gpus(kind, "2"), container=contained(runner))
    env = bench.shown(script, bench.fake_runner(runner.value))["env"]
    assert option in env["RUNNER_OPTIONS"]
    assert env[kind.variable] == "2"
    assert runner is APPTAINER or f"[--env={kind.variable}]" in env["RUNNER_OPTIONS"]


def test_program_in_a_container_is_bound_to_its_cores(bench: Bench) -> None:
    (cpu, *_) = sorted(os.sched_getaffinity(0))
    one = Resources((NodeResources("here", frozenset({Core(0, frozenset({cpu}))})),))
    for runner in RUNNERS:
        script = bench.write(bound=one, container=contained(runner))
        shown = bench.shown(script, bench.fake_runner(runner.value))
        assert shown["cpus"] == [cpu]
        is_docker = runner is ContainerRunner.DOCKER
        assert (f"[--cpuset-cpus={cpu}]" in shown["env"]["RUNNER_OPTIONS"]) is is_docker


def test_mpi_starts_a_container_for_each_process(bench: Bench) -> None:
    bench.fake_runner("apptainer")
    script = bench.write(
        MpiCores(2), execution_model=ExecutionModel.OPENMPI, container=contained(APPTAINER)
    )
    args = bench.shown(script, bench.fake("mpirun"))["args"]
    assert args[:2] == ["-np", "2"]
    assert args[args.index("apptainer") :][:2] == ["apptainer", "exec"]
    assert args[-2:] == ["IMAGE", str(bench.show)]


@pytest.mark.parametrize("path", ["/a:b", "/a,b"])
def test_directory_that_a_runner_cannot_mount_is_an_error(bench: Bench, path: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be mounted"):
        bench.write(container=contained(APPTAINER), mounts=(Path(path),))


@pytest.mark.parametrize(
    ("bound", "rank_file"),
    [
        (resources("n0", cores=2), "rank 0=n0 slot=0\nrank 1=n0 slot=1\n"),
        (None, "rank 0=here slot=0,1\nrank 1=here slot=0,1\n"),
    ],
)
def test_script_that_starts_mpi_processes_gets_their_number_and_a_rank_file(
    bench: Bench, bound: Resources | None, rank_file: str
) -> None:
    script = '#!/bin/sh\necho $MUSCLE_MPI_PROCESSES\ncat "$MUSCLE_RANKFILE"\n'
    done = bench.run(bench.write(MpiCores(2), bound, script=script))
    assert done.stdout == f"2\n{rank_file}"
