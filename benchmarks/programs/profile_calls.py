"""Makes empty calls of two actors, and reports the CPU time of a call in all processes."""

import asyncio
from pathlib import Path

from benchmarks.programs.farm_meter import descendants, report
from conjoin.runtime import run, tessera

IN_FLIGHT = 250
BATCHES = 12


@tessera
class Worker:
    """Does nothing."""

    def nothing(self):
        return None


def cpu_seconds():
    """Return the CPU time of this process and of those that it has started."""
    total = 0
    for pid in ["self", *descendants()]:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e9


async def main(runtime):
    actors = [await Worker.remote(runtime=worker) for worker in runtime.workers]
    seconds = []
    for _ in range(BATCHES):
        before = cpu_seconds()
        calls = [actors[number % 2].nothing() for number in range(IN_FLIGHT)]
        await asyncio.gather(*(call.result() for call in calls))
        seconds.append((cpu_seconds() - before) / IN_FLIGHT)
    # Other programs only make a batch slower.
    report({"call": min(seconds)})


if __name__ == "__main__":
    run(main, num_workers=2, log_level="error")
