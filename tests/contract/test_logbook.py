"""Contract of Logbook."""

from adapters.filesystem.logbook import FilesystemLogbook
from adapters.in_memory.logbook import InMemoryLogbook
from conjoin.testing import LogbookContract


class TestInMemoryLogbook(LogbookContract):
    def make(self, folder):
        return InMemoryLogbook()


class TestFilesystemLogbook(LogbookContract):
    def make(self, folder):
        return FilesystemLogbook(folder / "muscle3_manager.log")
