"""The commands of programs in containers, as the user sees them."""

import pytest

from adapters.run_scripts.containers import shown_command
from domain.identity import Reference
from domain.model.configuration import Program
from domain.model.containers import Container, ContainerRunner

IMAGE = Container("/images/a b.sif", options=("--nv",))
PROGRAM = Program(Reference("p"), executable="python", args=("$HOME/x.py", "a b"), container=IMAGE)


def test_command_in_a_container_is_shown():
    assert shown_command(PROGRAM) == (
        "apptainer exec --bind RUN_DIR --pwd RUN_DIR/instances/INSTANCE/workdir --nv"
        " /'images/a b.sif' python \"${HOME}\"/x.py 'a b'"
    )


def test_oci_command_in_a_container_is_shown():
    image = Container("python:3.12", ContainerRunner.PODMAN)
    program = Program(Reference("p"), script="#!/bin/sh\n", env={"A": "1"}, container=image)
    assert shown_command(program) == (
        "podman run --userns=keep-id --rm --network=host --pid=host --volume=RUN_DIR:RUN_DIR"
        " --workdir=RUN_DIR/instances/INSTANCE/workdir --env=CONJOIN_SECRET"
        " --env=CONJOIN_STARTED_FOR --env=MUSCLE_INSTANCE --env=MUSCLE_MANAGER --env=A python:3.12"
        " SCRIPT"
    )


@pytest.mark.parametrize("args", ["-n $THREADS", ""])
def test_shell_text_is_shown_as_written(args):
    program = Program(Reference("p"), executable="run", args=args, container=Container("a"))
    assert (shown_command(program) or "").endswith(f" a run {args}".rstrip())


def test_program_without_a_container_is_not_shown():
    assert shown_command(Program(Reference("p"), executable="x")) is None
