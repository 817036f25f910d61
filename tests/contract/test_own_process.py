"""Contract of OwnProcess."""

from adapters.in_memory.own_process import InMemoryOwnProcess
from adapters.processes.own_process import PsutilOwnProcess


class OwnProcessContract:
    """Subclass it for each adapter."""

    def make(self):
        raise NotImplementedError

    def test_first_load_is_zero(self):
        assert self.make().cpu_load() == 0

    def test_memory_is_a_number_of_bytes(self):
        own = self.make()
        assert own.rss() > 0
        assert own.memory_limit() > 0

    def test_process_is_always_the_same_object(self):
        own = self.make()
        assert own.process is own.process


class TestPsutilOwnProcess(OwnProcessContract):
    def make(self):
        return PsutilOwnProcess()


class TestInMemoryOwnProcess(OwnProcessContract):
    def make(self):
        return InMemoryOwnProcess(rss=1, limit=2)
