"""A model of many instances on four nodes.

`CONJOIN_INSTANCES=1000` runs the model of 1000 instances, which takes minutes and 18 GB of memory.
"""

import os
import re
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.nodes import Nodes
from tests.support.workspace import CONJOIN, Workspace

INSTANCES = int(os.environ.get("CONJOIN_INSTANCES", "200"))
MEMBERS = INSTANCES - 1
CORES = INSTANCES // 4
MEMORY = INSTANCES * 20 * 2**20
"""Bytes that must be available: each instance takes 18 MB, most of it for encryption."""

PATIENCE = 1200.0

MODEL = """\
ymmsl_version: v0.2
description: A macro model that calls a set of micro models
models:
  many:
    description: A macro model that calls a set of micro models
    components:
      macro:
        description: Sends its state to all members
        implementation: program
        ports:
          o_i: state_out
          s: state_in
      micro:
        description: Returns its state
        implementation: program
        multiplicity: {members}
        ports:
          f_init: init
          o_f: final
    conduits:
      macro.state_out: micro.init
      micro.final: macro.state_in
programs:
  program:
    description: The smallest program
    executable: {python}
    args: ["-I", "-S", "{program}"]
    can_share_resources: false
"""

PROGRAM = """\
import os, sys

sys.path[:0] = {path!r}

from conjoin import Instance, Message

with open("/proc/sys/kernel/hostname") as file:
    print("runs on", file.read().strip(), flush=True)
instance = Instance()
while instance.reuse_instance():
    if os.environ["MUSCLE_INSTANCE"] != "macro":
        instance.send("final", Message(0.0, None, instance.receive("init").data + 1))
    else:
        slots = range(instance.get_port_length("state_out"))
        for slot in slots:
            instance.send("state_out", Message(0.0, None, slot), slot)
        total = sum(instance.receive("state_in", slot).data for slot in slots)
        print("total", total)
"""


@pytest.mark.slow
@pytest.mark.timeout(PATIENCE + 100)
def test_model_of_many_instances_on_four_nodes_completes(
    workspace: Workspace, nodes: Nodes, tmp_path: Path
):
    if psutil.virtual_memory().available < MEMORY:
        pytest.skip(f"needs {MEMORY / 2**30:.0f} GiB of available memory")
    home = tmp_path / "home"
    nodes.write_ssh_config(home)
    names = ", ".join(f'"{node.name}"' for node in nodes)
    hosts = workspace.write("hosts.toml", f"hosts = [{names}]\ncores = {CORES}\n")
    program = workspace.write("program.py", PROGRAM.format(path=sys.path))
    model = workspace.write(
        "many.ymmsl", MODEL.format(members=MEMBERS, python=sys.executable, program=program)
    )
    options = ("--start-all", "--run-dir", "run", "--hosts", hosts)
    environment = {"HOME": str(home), "SSH_AUTH_SOCK": ""}
    with workspace.running(*CONJOIN, "run", *options, model, environment=environment) as program:
        program.process.wait(PATIENCE)
        outcome = program.finish()
    assert outcome.exit_code == 0, outcome.text
    assert outcome.left_behind == ()
    instances = workspace.run_dir / "instances"
    outputs = [(folder / "stdout.txt").read_text() for folder in instances.iterdir()]
    places = [re.findall(r"runs on (\S+)", text)[0] for text in outputs]
    assert {name: places.count(name) for name in set(places)} == {
        node.name: CORES for node in nodes
    }
    total = MEMBERS * (MEMBERS + 1) // 2
    assert f"total {total}" in (instances / "macro/stdout.txt").read_text()
