"""Resources and containers, as a user requests them."""

import os
import sys
from collections.abc import Mapping

import pytest

from tests.support.workspace import MANAGER, Outcome, Workspace

COMPLETED, MISTAKE = 0, 2

APPTAINER = """\
#!/bin/sh
# Runs the program without a container, and records its own options.
echo "$@" > {folder}/options
while [ "$1" != "{image}" ]; do
    if [ "$1" = --pwd ]; then cd "$2"; fi
    shift
done
shift
exec "$@"
"""
PODMAN = """\
#!{python}
# Runs the program without a container, with only the variables and directory that its options name.
import os, sys
place = sys.argv.index("{image}")
options, command = sys.argv[1:place], sys.argv[place + 1:]
with open("{folder}/options", "w") as file:
    file.write(" ".join(options))
named = [option.partition("=")[2] for option in options if option.startswith("--env=")]
(directory,) = [o.partition("=")[2] for o in options if o.startswith("--workdir=")]
os.chdir(directory)
os.execve(command[0], command, {{name: os.environ[name] for name in named if name in os.environ}})
"""
STAND_INS = {
    "apptainer": (APPTAINER, "container: image.sif"),
    "podman": (PODMAN, 'container: {image: "micro:1", runner: podman}'),
}


def in_container(workspace: Workspace, runner: str) -> Mapping[str, str]:
    """Run the micro model in a container of a stand-in; return the variables to find it."""
    stand_in, key = STAND_INS[runner]
    image = str(workspace.write("image.sif", "")) if runner == "apptainer" else "micro:1"
    text = stand_in.format(folder=workspace.folder, image=image, python=sys.executable)
    program = workspace.folder / "bin" / runner
    program.parent.mkdir()
    program.write_text(text)
    program.chmod(0o755)
    model = (workspace.folder / "model.ymmsl").read_text().rstrip("\n")
    workspace.write("model.ymmsl", f"{model}\n    {key}\n")
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


def run(workspace: Workspace, *command: object, environment: Mapping[str, str]) -> Outcome:
    with workspace.running(*command, environment=environment) as program:
        return program.finish()


@pytest.mark.parametrize("runner", list(STAND_INS))
def test_program_in_a_container_takes_part_in_a_run(workspace: Workspace, runner: str):
    environment = in_container(workspace, runner)
    command = (*MANAGER, "--start-all", "--run-dir", "run", "model.ymmsl")
    outcome = run(workspace, *command, environment=environment)
    assert outcome.exit_code == COMPLETED, outcome.text + workspace.stderr_of("micro")
    options = (workspace.folder / "options").read_text()
    assert str(workspace.run_dir) in options
    assert "CONJOIN_SECRET=" not in options
    assert not outcome.left_behind


@pytest.mark.parametrize("runner", list(STAND_INS))
def test_check_shows_the_command_of_a_container(workspace: Workspace, runner: str):
    environment = in_container(workspace, runner)
    with workspace.running(
        sys.executable, "-m", "conjoin", "check", "model.ymmsl", environment=environment
    ) as program:
        outcome = program.finish()
    assert outcome.exit_code == COMPLETED, outcome.text
    assert f"Program 'micro' runs in a container: {runner} " in outcome.stdout
    assert outcome.stdout.rstrip().endswith(f"{sys.executable} {workspace.folder}/micro.py")


def test_missing_image_of_a_container_is_a_mistake(workspace: Workspace):
    environment = in_container(workspace, "apptainer")
    (workspace.folder / "image.sif").unlink()
    command = (*MANAGER, "--start-all", "--run-dir", "run", "model.ymmsl")
    outcome = run(workspace, *command, environment=environment)
    assert outcome.exit_code == MISTAKE
    assert f"container image '{workspace.folder}/image.sif' does not exist" in outcome.stderr


def request_cores(workspace: Workspace, count: int, *more: str) -> None:
    resources = "".join(f"  {line}\n" for line in (f"micro: {{threads: {count}}}", *more))
    model = (workspace.folder / "model.ymmsl").read_text()
    workspace.write("model.ymmsl", f"{model}resources:\n{resources}")


def test_number_of_nodes_is_printed(workspace: Workspace):
    request_cores(workspace, 3)
    outcome = workspace.conjoin("resources", "model.ymmsl", "--cores-per-node", "4")
    assert outcome.exit_code == COMPLETED
    assert "needs 1 node of 4 cores for 2 instances." in outcome.stdout
    assert "└── " in outcome.stdout
    assert workspace.conjoin("resources", "-qc", "4", "model.ymmsl").stdout == "1\n"


def test_gpus_of_a_node_are_counted(workspace: Workspace):
    request_cores(workspace, 1, "macro: {threads: 1, gpus: 3}")
    outcome = workspace.conjoin("resources", "model.ymmsl", "-c", "4")
    assert outcome.exit_code == MISTAKE
    assert "requests 1 thread on one node, and 3 GPUs" in outcome.stderr
    outcome = workspace.conjoin("resources", "model.ymmsl", "-c", "4", "-g", "4")
    assert "node 1: 4 cores, 3 free; 4 GPUs, 1 free" in outcome.stdout
    assert "GPUs 0-2: macro" in outcome.stdout


@pytest.mark.parametrize(
    ("option", "exit_code"),
    [("--oversubscribe", COMPLETED), ("--no-oversubscribe", MISTAKE), ("--quiet", COMPLETED)],
)
def test_user_decides_whether_too_few_cores_are_an_error(
    workspace: Workspace, option: str, exit_code: int
):
    request_cores(workspace, 1000)
    outcome = workspace.start_all(option)
    assert outcome.exit_code == exit_code, outcome.text
    assert "too few cores" in outcome.text
    assert ("--oversubscribe." in outcome.text) is (exit_code == MISTAKE)


# A private /dev with the device files of two GPUs, which no other program sees.
WITH_GPUS = """\
set -e
mkdir "$1"
mount -t tmpfs none "$1"
cp -a /dev/null /dev/zero /dev/urandom "$1"
mkdir "$1/shm"
touch "$1/nvidia0" "$1/nvidia1"
mount --bind "$1" /dev
shift
exec "$@"
"""
SHOW_GPUS = """\
ymmsl_version: v0.2
models:
  gpus:
    components:
      one:
        description: Shows its GPUs
        ports: {{}}
        implementation: show
        multiplicity: 2
programs:
  show:
    description: Shows the variable
    executable: {python}
    args: ["{folder}/show.py"]
resources:
  gpus.one: {{gpus: 1}}
"""
SHOW = """\
import os
from conjoin import Instance

instance = Instance({})
while instance.reuse_instance():
    print(os.environ["CUDA_VISIBLE_DEVICES"])
"""


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root on Linux")
def test_instances_get_different_gpus_of_a_node(workspace: Workspace):
    text = SHOW_GPUS.format(python=sys.executable, folder=workspace.folder)
    workspace.write("gpus.ymmsl", text)
    workspace.write("show.py", SHOW)
    with workspace.running(
        *("unshare", "--mount", "sh", "-c", WITH_GPUS, "sh", workspace.folder / "dev"),
        *(*MANAGER, "--start-all", "--run-dir", "run", "--oversubscribe", "gpus.ymmsl"),
        environment={"CUDA_VISIBLE_DEVICES": "0,1"},
    ) as program:
        outcome = program.finish()
    assert outcome.exit_code == COMPLETED, outcome.text
    folders = [workspace.run_dir / "instances" / f"one[{number}]" for number in range(2)]
    assert sorted((folder / "stdout.txt").read_text() for folder in folders) == ["0\n", "1\n"]
    assert "too few" not in outcome.text
