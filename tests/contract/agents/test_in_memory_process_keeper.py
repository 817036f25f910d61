from collections.abc import Iterator

import pytest

from adapters.in_memory.processes import InMemoryProcessKeeper, end_at_once, run_on
from application.interfaces.agents import ProcessKeeper
from tests.contract.agents.process_keeper import ProcessKeeperContract


class TestInMemoryProcessKeeper(ProcessKeeperContract):
    @pytest.fixture
    def keeper(self) -> Iterator[ProcessKeeper]:
        programs = {"end": end_at_once, "run": run_on, "stubborn": run_on}
        keeper = InMemoryProcessKeeper(programs, stubborn=["stubborn"])
        yield keeper
        keeper.close()

    def ending(self, exit_code: int) -> tuple[str, ...]:
        return ("end", str(exit_code))

    def running(self) -> tuple[str, ...]:
        return ("run",)

    def stubborn(self) -> tuple[str, ...]:
        return ("stubborn",)

    def missing(self) -> tuple[str, ...]:
        return ("missing",)
