"""Runs the model, kills a second run half way, resumes it, and compares the results.

Run it from the root of the repository: `python -m examples.reaction_diffusion.demo`
"""

import argparse
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import numpy as np

from examples.reaction_diffusion.costs import costs_of
from examples.reaction_diffusion.draw import draw, final_field

MODEL = Path(__file__).with_name("reaction_diffusion.ymmsl")
SNAPSHOTS = 6
POLL_INTERVAL = 0.02


def main() -> None:
    """Run the demonstration in a new directory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--t-max", type=float, default=3000.0, help="simulation time of the end")
    parser.add_argument("--folder", type=Path, help="where to make the run directories")
    options = parser.parse_args()
    folder = options.folder or Path(f"run_demo_{datetime.now().astimezone():%Y%m%d_%H%M%S}")
    whole, killed, resumed = (folder / name for name in ("whole", "killed", "resumed"))
    for run_dir in (whole, killed, resumed):
        run_dir.mkdir(parents=True)

    print("1. Run two coupled models: a field in which two substances diffuse and react.\n")
    subprocess.run(command(whole, options.t_max), check=True)
    print()
    draw(whole)
    costs = costs_of(whole / "performance.sqlite", macro="diffusion", micro="reaction")
    print(f"{costs.text()}\n")

    print("2. Run it again with snapshots, and kill it half way.\n")
    kill_half_way(killed, options.t_max)
    print("The run was killed (SIGKILL). Now it is resumed from its last snapshot.\n")
    subprocess.run(command(resumed, options.t_max, "--quiet", "--resume", str(killed)), check=True)
    compare(final_field(whole), final_field(resumed))


def command(run_dir: Path, t_max: float, *more: str) -> list[str]:
    """Return the command that runs the model."""
    start = [sys.executable, "-m", "conjoin", "run", "--start-all", "--run-dir", str(run_dir)]
    return [*start, "--set", f"diffusion.t_max={t_max}", *more, str(MODEL)]


def kill_half_way(run_dir: Path, t_max: float) -> None:
    """Run the model until half of its snapshots are there; then kill the manager."""
    every = str(t_max / SNAPSHOTS)
    arguments = command(run_dir, t_max, "--quiet", "--checkpoint-every-simulation", every)
    with subprocess.Popen(arguments) as manager:
        while manager.poll() is None:
            if len(list(run_dir.glob("snapshots/*.ymmsl"))) >= SNAPSHOTS // 2:
                manager.kill()
                return
            time.sleep(POLL_INTERVAL)
    sys.exit("The run ended before it could be killed.")


def compare(whole: np.ndarray, resumed: np.ndarray) -> None:
    """Report whether two runs have the same result."""
    if not np.array_equal(whole, resumed):
        sys.exit(f"\nThe results differ by up to {np.abs(whole - resumed).max():g}.")
    print(f"\nThe results of both runs are identical, in all {whole.size} cells and all digits.")


if __name__ == "__main__":
    main()
