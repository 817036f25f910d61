"""Contract of RunDirectory."""

from abc import ABC, abstractmethod
from pathlib import Path

from adapters.filesystem.run_directory import FilesystemRunDirectory
from adapters.in_memory.run_directory import InMemoryRunDirectory
from application.interfaces.run_directory import RunDirectory
from domain.identity import Reference

MICRO = Reference("outer.micro[3]")


class RunDirectoryContract(ABC):
    """Subclass it for each adapter."""

    @abstractmethod
    def make(self, folder: Path) -> RunDirectory:
        """Return a new run directory."""

    @abstractmethod
    def saved_configuration(self, directory: RunDirectory) -> str | None:
        """Return the saved configuration."""

    @abstractmethod
    def saved_snapshot_store(self, directory: RunDirectory) -> str:
        """Return the saved location of the snapshot store."""

    @abstractmethod
    def write_output(self, directory: RunDirectory, instance: Reference, text: str) -> None:
        """Write to the stderr file of an instance."""

    @abstractmethod
    def write_file(self, directory: RunDirectory, path: Path, data: bytes) -> None:
        """Write a file in the directory of an instance."""

    @abstractmethod
    def content(self, directory: RunDirectory, path: Path) -> bytes:
        """Return the content of a file with output that was added."""

    def test_paths_are_absolute_and_inside_the_run_directory(self, tmp_path):
        directory = self.make(tmp_path)
        paths = [
            directory.instance_directory(MICRO),
            directory.log_directory(),
            directory.snapshot_directory(),
            directory.fetched_snapshot_directory(),
        ]
        assert directory.path.is_absolute()
        assert [path.relative_to(directory.path).as_posix() for path in paths] == [
            "instances/outer.micro[3]",
            "logs",
            "snapshots",
            "snapshots/fetched",
        ]

    def test_repeated_calls_return_the_same_directory(self, tmp_path):
        directory = self.make(tmp_path)
        assert directory.instance_directory(MICRO) == directory.instance_directory(MICRO)
        assert directory.log_directory() == directory.log_directory()

    def test_instance_path_is_available_before_its_directory_exists(self, tmp_path):
        directory = self.make(tmp_path)
        assert not directory.instance_path(MICRO).exists()
        assert directory.instance_path(MICRO) == directory.instance_directory(MICRO)

    def test_configuration_is_saved(self, tmp_path):
        directory = self.make(tmp_path)
        directory.save_configuration("ymmsl_version: v0.2  # größer\n")
        assert self.saved_configuration(directory) == "ymmsl_version: v0.2  # größer\n"

    def test_snapshot_store_is_saved(self, tmp_path):
        directory = self.make(tmp_path)
        assert self.saved_snapshot_store(directory) == ""
        directory.save_snapshot_store("s3://bucket/größer")
        assert self.saved_snapshot_store(directory) == "s3://bucket/größer"

    def test_tail_of_the_output_of_an_instance_is_returned(self, tmp_path):
        directory = self.make(tmp_path)
        self.write_output(directory, MICRO, "one\ntwo\nthree\n")
        assert directory.instance_output_tail(MICRO, lines=2) == "two\nthree"
        assert directory.instance_output_tail(MICRO, lines=9) == "one\ntwo\nthree"

    def test_tail_is_empty_without_output(self, tmp_path):
        assert self.make(tmp_path).instance_output_tail(MICRO, lines=5) == ""

    def test_files_of_an_instance_are_returned_with_their_contents(self, tmp_path):
        directory = self.make(tmp_path)
        script = directory.instance_directory(MICRO) / "run_script.sh"
        self.write_file(directory, script, b"exec micro\xff")
        assert directory.instance_files(MICRO) == {script: b"exec micro\xff"}

    def test_added_output_is_written_at_its_offset(self, tmp_path):
        directory = self.make(tmp_path)
        folder = directory.instance_directory(MICRO)
        for offset, data in [(0, b"one "), (4, b"twoo"), (7, b" three"), (0, b"one ")]:
            directory.add_output(MICRO, is_error=False, offset=offset, data=data)
        directory.add_output(MICRO, is_error=True, offset=0, data=b"oops")
        assert self.content(directory, folder / "stdout.txt") == b"one two three"
        assert self.content(directory, folder / "stderr.txt") == b"oops"


class TestInMemoryRunDirectory(RunDirectoryContract):
    def make(self, folder):
        return InMemoryRunDirectory()

    def saved_configuration(self, directory):
        return directory.configuration

    def saved_snapshot_store(self, directory):
        return directory.snapshot_store

    def write_output(self, directory, instance, text):
        directory.outputs[instance] = text

    def write_file(self, directory, path, data):
        directory.files[MICRO] = {path: data}

    def content(self, directory, path):
        return directory.written[path]


class TestFilesystemRunDirectory(RunDirectoryContract):
    def make(self, folder):
        return FilesystemRunDirectory.in_existing(folder)

    def saved_configuration(self, directory):
        return (directory.path / "configuration.ymmsl").read_text(encoding="utf-8")

    def saved_snapshot_store(self, directory):
        return directory.snapshot_store

    def write_output(self, directory, instance, text):
        (directory.instance_directory(instance) / "stderr.txt").write_text(text)

    def write_file(self, directory, path, data):
        path.write_bytes(data)

    def content(self, directory, path):
        return path.read_bytes()
