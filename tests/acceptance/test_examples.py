"""The examples run as their READMEs describe, with the expected results."""

import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

import entrypoints.runtime as tasks
from adapters.sqlite.profile_store import SqliteProfileStore
from domain.identity import Reference
from domain.running.profiling import ProfileEvent, ProfileEventType
from examples.micro_models import rod
from examples.micro_models.grains import Grains
from examples.reaction_diffusion.costs import costs_of
from examples.reaction_diffusion.diffusion import diffused, initial_state
from examples.reaction_diffusion.draw import write_png
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
    *rows, where = drawing.splitlines()
    assert [len(line) for line in rows] == [80] * 20
    assert where == f"The picture is in {tmp_path / 'field.png'}"
    assert pixels(tmp_path / "field.png").shape == (320, 640, 3)


def pixels(path):
    """Return the pixels of a PNG file as our examples write it; check its checksums."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, place = {}, 8
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        chunks[kind] = data[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack(">I", data[place + 8 + length : place + 12 + length])
        assert checksum == zlib.crc32(kind + chunks[kind])
        place += 12 + length
    width, height, depth, colours = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colours) == (8, 2)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, -1)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def test_picture_of_a_field_has_a_square_of_one_colour_for_each_cell(tmp_path):
    write_png(tmp_path / "field.png", np.array([[0.0, 1.0], [0.5, 0.0], [1.0, 1.0]]))
    found = pixels(tmp_path / "field.png")
    assert found.shape == (24, 16, 3)
    dark, bright = [13, 8, 135], [240, 249, 33]
    assert (found[:8, :8] == dark).all()
    assert (found[:8, 8:] == bright).all()
    assert (found[8:16, 8:] == dark).all()


def test_picture_of_a_constant_field_has_one_colour(tmp_path):
    write_png(tmp_path / "field.png", np.ones((1, 2)))
    assert len(np.unique(pixels(tmp_path / "field.png").reshape(-1, 3), axis=0)) == 1


def test_costs_of_a_run_separate_computing_from_coupling(tmp_path):
    path = tmp_path / "performance.sqlite"
    store = SqliteProfileStore(path)
    macro, micro = Reference("macro"), Reference("micro")
    store.add_instances([macro, micro])
    second = 10**9

    def event(kind, start, stop):
        return ProfileEvent(ProfileEventType[kind], int(start * second), int(stop * second))

    store.add_events(macro, [event("SEND", 1, 2), event("RECEIVE", 2, 6)])
    store.add_events(macro, [event("SEND", 8, 9), event("RECEIVE", 9, 11), event("CONNECT", 0, 1)])
    store.add_events(micro, [event("RECEIVE", 1, 3), event("SEND", 4.5, 5)])
    store.add_events(micro, [event("RECEIVE", 5, 9.5), event("SEND", 10, 10.5)])
    store.close()
    costs = costs_of(path, macro="macro", micro="micro")
    assert (costs.exchanges, costs.total, costs.computing) == (2, 10.0, 2.0 + 1.5 + 0.5)
    assert costs.text() == (
        "4 messages were exchanged in 10.0 s. An exchange, there and back, took 3000.00 ms."
        " 60 % of the time was spent coupling, the rest computing."
    )


@pytest.mark.slow
def test_demo_resumes_a_killed_run_with_the_same_result(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "examples.reaction_diffusion.demo", "--folder", tmp_path]
        + ["--t-max", "600"],
        cwd=REPOSITORY,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1200 messages were exchanged in " in done.stdout
    assert "Resuming from " in done.stdout
    assert done.stdout.endswith(
        "The results of both runs are identical, in all 3200 cells and all digits.\n"
    )


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
