"""Runs models in jobs on several nodes."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.open_mpi import AS_ROOT
from tests.support.slurm import SlurmCluster

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = Path(__file__).with_name("placed_component.py")
CONJOIN = str(Path(sys.executable).parent / "conjoin")
RUN_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process ran.

    Attributes:
        node: The host name of the node.
        cores: The hardware threads that it was bound to.
    """

    node: str
    cores: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """The outcome of `conjoin run` in a job.

    Attributes:
        exit_code: Its exit code.
        text: What it printed.
        run_directory: The directory with the files of the run, if it has started.
    """

    exit_code: int
    text: str
    run_directory: Path

    @property
    def log(self) -> str:
        """The log of the manager; empty if the run has not started."""
        path = self.run_directory / "muscle3_manager.log"
        return path.read_text() if path.exists() else ""

    def places(self) -> dict[str, list[Place]]:
        """Return the place of each process, by instance and in order of ranks."""
        return {
            instance: [Place(item["node"], tuple(item["cores"])) for item in records]
            for instance, records in self.records().items()
        }

    def records(self) -> dict[str, list[dict[str, Any]]]:
        """Return what the processes recorded, by instance and in order of ranks."""
        return {
            folder.name: [
                json.loads(path.read_text())
                for path in sorted(
                    folder.glob("workdir/place_*.json"), key=lambda path: (len(path.name), path)
                )
            ]
            for folder in sorted((self.run_directory / "instances").iterdir())
        }


def write_model(
    folder: Path,
    components: Mapping[str, Mapping[str, object]],
    conduits: Mapping[str, str],
    resources: Mapping[str, Mapping[str, object]],
    programs: Mapping[str, Mapping[str, object]] | None = None,
) -> Path:
    """Write a model whose components all run the same program; return the file.

    Args:
        folder: Where to write it.
        components: The components without their implementations.
        conduits: The conduits.
        resources: The resources of the components.
        programs: Further keys of the programs, by component.
    """
    sections = {
        "ymmsl_version": "v0.1",
        "model": {
            "name": "placed",
            "components": {
                name: {**component, "implementation": name}
                for name, component in components.items()
            },
            "conduits": conduits,
        },
        "implementations": {
            name: {
                "executable": sys.executable,
                "args": [str(PROGRAM)],
                "env": {"PYTHONPATH": str(ROOT)},
                **(programs or {}).get(name, {}),
            }
            for name in components
        },
        "resources": resources,
    }
    path = folder / "model.ymmsl"
    path.write_text(json.dumps(sections))
    return path


def run_in_job(
    cluster: SlurmCluster, model: Path, *options: str, job: tuple[str, ...] = ("-N4", "-n8")
) -> JobOutcome:
    """Run a model in a job, whose manager runs on this machine.

    Args:
        cluster: The cluster.
        model: The file.
        options: Options of `conjoin run`.
        job: Options of salloc.
    """
    command = ["salloc", "--quiet", *job, CONJOIN, "run", "--start-all", *options, model.name]
    done = subprocess.run(
        command,
        cwd=model.parent,
        env={**cluster.slurm.environment, **AS_ROOT},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_SECONDS,
        start_new_session=True,
    )
    run_directory = next(model.parent.glob("run_placed_*"), model.parent)
    return JobOutcome(done.returncode, done.stdout, run_directory)
