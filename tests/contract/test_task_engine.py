"""Task engines keep their contract; what only some engines promise is tested here too."""

from adapters.inline.engine import InlineTaskEngine
from entrypoints._runtime.engines import new_embedded_engine
from tests.contract.task_engine_contract import TaskEngineContract


def fail(text):
    raise AssertionError(text)


class TestEmbeddedTaskEngine(TaskEngineContract):
    def create(self):
        return new_embedded_engine(on_error=fail)


class TestInlineTaskEngine(TaskEngineContract):
    def create(self):
        return InlineTaskEngine()
