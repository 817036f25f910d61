"""Contract of Logbook."""

from adapters.filesystem.logbook import FilesystemLogbook
from adapters.in_memory.logbook import InMemoryLogbook
from adapters.threads.late_logbook import LateLogbook
from adapters.threads.queued_logbook import QueuedLogbook
from conjoin.testing import LogbookContract


class TestInMemoryLogbook(LogbookContract):
    def make(self, folder):
        return InMemoryLogbook()


class TestFilesystemLogbook(LogbookContract):
    def make(self, folder):
        return FilesystemLogbook(folder / "muscle3_manager.log")


class TestLateLogbook(LogbookContract):
    def make(self, folder):
        return LateLogbook(lambda: FilesystemLogbook(folder / "muscle3_manager.log"))


class TestQueuedLogbook(LogbookContract):
    def make(self, folder):
        return QueuedLogbook(FilesystemLogbook(folder / "muscle3_manager.log"))
