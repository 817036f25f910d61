"""The simulated engine keeps the contract of all engines."""

import asyncio
from random import Random

from tests.contract.task_engine_contract import GUARD, OpenEngine, TaskEngineContract, two_workers
from tests.simulation.simulated_engine import Faults, SimulatedEngine
from tests.simulation.virtual_loop import VirtualLoop
from tests.support.engine_hosts import ScriptedHead


class TestSimulatedTaskEngine(TaskEngineContract):
    def create(self):
        return SimulatedEngine(Random(0), Faults())

    def run(self, test, **options):
        async def main():
            engine = self.create()
            head = ScriptedHead(engine)
            hosts = await engine.open(two_workers(**options), head)
            try:
                await test(OpenEngine(engine, head, hosts))
            finally:
                await engine.close()

        loop = VirtualLoop()
        try:
            loop.run_until_complete(asyncio.wait_for(main(), GUARD))
        finally:
            loop.abandon()
        assert not loop.errors
