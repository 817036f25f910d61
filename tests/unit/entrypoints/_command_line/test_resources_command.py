"""The command `conjoin resources`."""

import argparse
from pathlib import Path

import pytest

from domain.errors import ConfigurationError
from entrypoints._command_line.resources_command import RESOURCES

MODEL = """
ymmsl_version: v0.2
models:
  kitchen:
    components:
      macro:
        description: Calls
        ports: {o_i: out, s: in}
        implementation: program
      micro:
        description: Is called
        ports: {f_init: init, o_f: final}
        implementation: program
        multiplicity: 3
      by_hand:
        description: Is started by the user
        ports: {}
        implementation: manual
    conduits:
      macro.out: micro.init
      micro.final: macro.in
programs:
  program: {description: Any, executable: /nowhere/program}
  manual: {description: Any, executable: /nowhere/program, execution_model: manual}
resources:
  kitchen.micro: {threads: 2}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "model.ymmsl"
    path.write_text(MODEL)
    return str(path)


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    RESOURCES.add_arguments(parser)
    return RESOURCES.run(parser.parse_args(arguments))


def test_number_of_nodes_and_the_cores_of_instances_are_printed(file, capsys):
    assert run(file, "--cores-per-node", "4") == 0
    assert capsys.readouterr().out == (
        "Model 'kitchen' needs 2 nodes of 4 cores for 4 instances.\n"
        "Started by hand, and so without cores: by_hand\n"
        "node 1: 4 cores\n"
        "├── core 0: macro, micro[0] (take turns)\n"
        "├── core 1: micro[0]\n"
        "└── cores 2-3: micro[1]\n"
        "node 2: 4 cores, 2 free\n"
        "└── cores 0-1: micro[2]\n"
    )


def test_only_the_number_of_nodes_is_printed_for_scripts(file, capsys):
    assert run("-q", "-c", "2", file) == 0
    assert capsys.readouterr().out == "3\n"


def test_instance_larger_than_a_node_is_an_error(file):
    with pytest.raises(ConfigurationError, match="'micro' requests 2 threads on one node"):
        run(file, "-c", "1")


@pytest.mark.parametrize("number", ["0", "-3", "many"])
def test_invalid_number_of_cores_is_rejected(file, number, capsys):
    with pytest.raises(SystemExit):
        run(file, f"--cores-per-node={number}")
    assert "--cores-per-node" in capsys.readouterr().err
