"""The macro model: the temperature along a rod, whose material a micro model resolves.

Run it from the root of the repository: `python -m examples.micro_models.rod`
"""

import numpy as np

import entrypoints.runtime as tasks
from examples.micro_models.grains import Grains

CELLS = 10
STEPS = 20
HOT, COLD = 900.0, 300.0


async def main(runtime: tasks.Runtime) -> np.ndarray:
    """Simulate the rod, and return the temperature of each cell."""
    # One sample of the material on each worker. They are equal, so any worker can take any cell.
    number = runtime.num_workers
    samples = await Grains.remote(100_000, seed=1, len=number)  # type: ignore[attr-defined]
    temperature = np.full(CELLS, COLD)

    for _ in range(STEPS):

        @runtime.async_for(temperature.tolist())
        async def conductivities(worker: tasks.RuntimeProxy, kelvin: float) -> float:
            return float(await samples.conductivity(kelvin, runtime=worker).result())

        temperature = heated(temperature, np.array(await conductivities))

    runs = await samples.runs
    print(f"The micro model ran {sum(runs)} times, on {len(runs)} workers.")
    print("Temperature in K:", *(f"{kelvin:.0f}" for kelvin in temperature))
    return temperature


def heated(temperature: np.ndarray, conductivity: np.ndarray) -> np.ndarray:
    """Return the temperature of each cell after a step of an explicit scheme."""
    neighbours = np.concatenate([[HOT], temperature, [COLD]])
    at_faces = np.pad((conductivity[1:] + conductivity[:-1]) / 2, 1, mode="edge")
    flux = at_faces * np.diff(neighbours)
    return temperature + 0.006 * np.diff(flux)


if __name__ == "__main__":
    tasks.run(main, num_workers=2)
