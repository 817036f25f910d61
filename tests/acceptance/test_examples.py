"""The examples run as their READMEs describe, with the expected results."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import entrypoints.runtime as tasks
from examples.micro_models import rod
from examples.micro_models.grains import Grains
from examples.reaction_diffusion.diffusion import diffused, initial_state
from examples.reaction_diffusion.reaction import reacted

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    **os.environ,
    # Imitates an activated environment: the yMMSL files start `python`.
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
}


def run(example, run_dir):
    """Run an example from the root of the repository; return the manager's output."""
    command = [sys.executable, "-m", "conjoin", "run", "--start-all", "--run-dir", run_dir]
    done = subprocess.run(
        [*command, f"examples/{example}/{example}.ymmsl"],
        cwd=REPOSITORY,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def result(run_dir, instance, name):
    return run_dir / "instances" / instance / "workdir" / name


def uncoupled_pattern():
    """Compute the reaction-diffusion example in a single program."""
    u, v = initial_state(40, 80, seed=1)
    for _ in range(3000):
        u, v = diffused(u, 0.16), diffused(v, 0.08)
        u, v = reacted(u, v, 0.037, 0.06, dt=0.5, steps=2)
    return v


@pytest.mark.slow
def test_reaction_diffusion_example_computes_and_draws_the_pattern(tmp_path):
    run("reaction_diffusion", tmp_path)
    field = np.load(result(tmp_path, "diffusion", "field.npy"))
    assert np.array_equal(field, uncoupled_pattern())
    command = [sys.executable, "examples/reaction_diffusion/draw.py", tmp_path]
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": "utf-8"}
    drawing = subprocess.run(
        command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, check=True
    ).stdout.decode()
    assert [len(line) for line in drawing.splitlines()] == [80] * 20


@pytest.mark.slow
def test_ensemble_example_runs_each_member_in_each_round(tmp_path):
    run("ensemble", tmp_path)
    summary = json.loads(result(tmp_path, "driver", "summary.json").read_text())
    assert summary["runs"] == 30
    assert summary["mean"] == pytest.approx(0.588, abs=0.001)
    assert summary["deviation"] == pytest.approx(0.098, abs=0.001)


@pytest.mark.slow
def test_chain_example_passes_its_state_on(tmp_path):
    run("dispatch", tmp_path)
    measured = json.loads(result(tmp_path, "measure", "height.json").read_text())
    assert measured["t"] == 20.0
    assert measured["height"] == pytest.approx(0.090, abs=0.001)


@pytest.mark.slow
def test_side_by_side_example_agrees_at_the_joint(tmp_path):
    run("interact", tmp_path)
    copper = np.load(result(tmp_path, "copper", "temperatures.npy"))
    steel = np.load(result(tmp_path, "steel", "temperatures.npy"))
    assert np.all(np.diff(np.concatenate([copper, steel[::-1]])) < 0)
    assert copper[-1] == pytest.approx(80.9, abs=0.1)
    assert steel[-1] == pytest.approx(77.1, abs=0.1)


def test_example_with_workers_prints_what_its_readme_says(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "examples.micro_models.rod"],
        cwd=REPOSITORY,
        env={**ENVIRONMENT, "TMPDIR": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=100,
        check=True,
    )
    readme = (REPOSITORY / "examples/micro_models/README.md").read_text(encoding="utf-8")
    printed = [line.strip() for line in readme.partition("prints\n")[2].splitlines() if line]
    assert done.stdout.splitlines() == printed
    assert list(tmp_path.iterdir()) == []


def test_example_with_workers_computes_the_same_as_a_single_process():
    sample, temperature = Grains(100_000, seed=1), np.full(rod.CELLS, rod.COLD)
    for _ in range(rod.STEPS):
        conductivity = np.array([sample.conductivity(kelvin) for kelvin in temperature])
        temperature = rod.heated(temperature, conductivity)
    computed = tasks.run(rod.main, engine="inline", num_workers=2)
    assert np.array_equal(computed, temperature)
