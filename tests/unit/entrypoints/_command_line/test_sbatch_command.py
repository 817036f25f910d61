"""The command `conjoin sbatch`."""

import argparse
import os
from pathlib import Path

import pytest

from domain.errors import ConfigurationError
from entrypoints._command_line.sbatch_command import SBATCH

MODEL = """
ymmsl_version: v0.2
models:
  kitchen:
    description: A kitchen
    components:
      cook:
        description: Cooks
        ports: {{o_f: meal}}
        implementation: program
        multiplicity: 3
programs:
  program: {{description: Any, executable: /nowhere/program, execution_model: {execution_model}}}
resources:
  kitchen.cook: {{threads: 2}}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "model.ymmsl"
    path.write_text(MODEL.format(execution_model="direct"))
    return str(path)


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    SBATCH.add_arguments(parser)
    return SBATCH.run(parser.parse_args(arguments))


@pytest.mark.parametrize(("cores", "nodes"), [(2, 3), (4, 2), (6, 1)])
def test_script_requests_the_nodes_that_the_model_needs(file, capsys, cores, nodes):
    assert run(file, "--cores-per-node", str(cores)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "#!/bin/bash"
    assert f"#SBATCH --nodes={nodes}" in lines
    assert f"#SBATCH --ntasks-per-node={cores}" in lines
    assert "#SBATCH --job-name=kitchen" in lines


def test_options_are_written_to_the_script(file, capsys):
    options = ["--nodes", "5", "--time", "1:00:00", "--job-name", "dinner", "-g", "1"]
    more = ["--checkpoint-on-term", "60", "--sbatch-option=--partition=main"]
    run(file, "-c", "2", *options, *more)
    text = capsys.readouterr().out
    for option in ("nodes=5", "time=1:00:00", "job-name=dinner", "gpus-per-node=1"):
        assert f"#SBATCH --{option}\n" in text
    assert "#SBATCH --partition=main\n" in text
    assert f"conjoin run --start-all --checkpoint-on-term 60 {file} " in text


def test_script_is_written_to_an_executable_file(file, tmp_path, capsys):
    script = tmp_path / "job.sh"
    assert run(file, "-c", "2", "-o", str(script)) == 0
    assert script.read_text().startswith("#!/bin/bash\n#SBATCH")
    assert os.access(script, os.X_OK)
    assert capsys.readouterr().out == f"Submit the job with: sbatch {script}\n"


def test_existing_file_is_not_overwritten(file, tmp_path):
    script = tmp_path / "job.sh"
    script.write_text("mine")
    with pytest.raises(ConfigurationError, match=r"cannot be written to .*: File exists"):
        run(file, "-c", "2", "-o", str(script))
    assert script.read_text() == "mine"


def test_too_small_nodes_are_an_error(file):
    with pytest.raises(ConfigurationError, match="requests 2 threads on one node"):
        run(file, "-c", "1")


def test_too_few_nodes_are_an_error(file):
    with pytest.raises(ConfigurationError, match="needs 3 nodes, and --nodes requests only 2"):
        run(file, "-c", "2", "-n", "2")


def test_model_that_is_started_by_hand_is_an_error(tmp_path):
    path = tmp_path / "model.ymmsl"
    path.write_text(MODEL.format(execution_model="manual"))
    with pytest.raises(ConfigurationError, match="started by hand"):
        run(str(path), "-c", "2")


def test_standard_input_is_an_error():
    with pytest.raises(ConfigurationError, match="A job reads its files when it starts"):
        run("-", "-c", "2")
