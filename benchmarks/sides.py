"""The two sides of each comparison, and how to run a simulation with either."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.muscle3 import REPOSITORY, muscle3, peers_folder

PROGRAMS = Path(__file__).parent / "programs"
PACKAGES = ("conjoin", "domain", "application", "adapters", "entrypoints")


@dataclass(frozen=True)
class Side:
    """One side of the comparison: MUSCLE3 or Conjoin.

    Attributes:
        name: Its name in the table.
        library: The library that its programs import.
        python: Interpreter of its programs.
        manager: Command that starts its manager.
    """

    name: str
    library: str
    python: str
    manager: tuple[str, ...]


def both_sides() -> tuple[Side, Side]:
    """Return MUSCLE3 and Conjoin."""
    theirs = muscle3()
    ours = conjoin_python()
    return (
        Side("MUSCLE3 0.11", "muscle3", str(theirs.python), (str(theirs.manager),)),
        Side("Conjoin", "conjoin", ours, (ours, "-m", "entrypoints.manager")),
    )


@cache
def conjoin_python() -> str:
    """Return the interpreter of an environment with Conjoin alone, like the one with MUSCLE3.

    In the development environment, some libraries would also import packages of the tests.
    """
    folder = peers_folder() / f"conjoin-py{sys.version_info[0]}.{sys.version_info[1]}"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--editable", str(REPOSITORY)]
    subprocess.run(install, check=True)
    # pip has compiled MUSCLE3, and Python may be configured not to compile modules on import
    packages = [str(REPOSITORY / name) for name in PACKAGES]
    subprocess.run([str(python), "-m", "compileall", "-q", *packages], check=True)
    return str(python)


def run(side: Side, configuration: str, folder: Path, **variables: str) -> tuple[float, Path]:
    """Run a simulation; return its duration in seconds, and its run directory.

    Args:
        side: Selects the manager and the library.
        configuration: Contents of a yMMSL file.
        folder: An empty folder.
        variables: Environment of the programs.
    """
    run_dir = folder / "run"
    run_dir.mkdir(parents=True)
    file = folder / "model.ymmsl"
    file.write_text(configuration)
    environment = {**os.environ, **variables}
    command = [*side.manager, "--start-all", "--run-dir", str(run_dir), str(file)]
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start, run_dir


def output_of(run_dir: Path, instance: str) -> dict[str, object]:
    """Return the JSON that a program printed."""
    result: dict[str, object] = json.loads(
        (run_dir / "instances" / instance / "stdout.txt").read_text()
    )
    return result


def program(side: Side, name: str) -> str:
    """Return the yMMSL text for one of our programs."""
    return (
        f"  {name}:\n    description: {name}\n    executable: {side.python}\n"
        f"    args: [{PROGRAMS / name}.py]\n    env: {{COUPLING_LIBRARY: {side.library}}}\n"
    )


def macro_micro(macro: Side, micro: Side) -> str:
    """Return the yMMSL text of a macro model that calls a micro model, of either side."""
    return f"""
ymmsl_version: v0.2
models:
  ping_pong:
    description: Sends data there and back
    components:
      macro:
        description: Sends
        ports: {{o_i: out, s: in}}
        implementation: macro
      micro:
        description: Sends back
        ports: {{f_init: init, o_f: final}}
        implementation: micro
    conduits:
      macro.out: micro.init
      micro.final: macro.in
programs:
{program(macro, "macro")}{program(micro, "micro")}"""
