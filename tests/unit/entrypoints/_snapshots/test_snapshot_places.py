"""What the user may name as a place for snapshots, and what is found where."""

from pathlib import Path

import pytest

from adapters.filesystem.run_directory import FilesystemRunDirectory
from adapters.filesystem.snapshot_store import FilesystemSnapshotStore
from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from domain.errors import ConfigurationError, InconsistentSnapshot
from domain.identity import Reference
from entrypoints._snapshots.snapshot_places import SnapshotStores, store_location

MACRO = Reference("macro")


@pytest.mark.parametrize("given", ["kept", "./kept", "kept/", Path("kept")])
def test_a_directory_is_found_from_here(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert store_location(given) == str(tmp_path / "kept")


@pytest.mark.parametrize("given", ["file:///kept/mine", "local:///kept/mine/", "/kept/mine"])
def test_a_url_of_a_file_is_a_directory(given):
    assert store_location(given) == "/kept/mine"


def test_a_path_may_have_a_colon_in_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert store_location("./a:b") == str(tmp_path / "a:b")
    assert store_location(Path("a:b")) == str(tmp_path / "a:b")


@pytest.mark.parametrize("given", ["s3://bucket/mine/", "sftp://me@there/mine"])
def test_another_url_is_left_as_it_is_if_it_can_be_opened(given, monkeypatch):
    opened = []
    monkeypatch.setattr("entrypoints._snapshots.snapshot_places.open_store", opened.append)
    assert store_location(given) == given.rstrip("/")
    assert opened == [given]


@pytest.mark.parametrize("given", ["memory://x", "s3:/b/x", "file://x", "nothing-known://x"])
def test_what_can_be_no_place_is_refused(given):
    with pytest.raises(ConfigurationError, match=f"cannot be kept in '{given}'"):
        store_location(given)


def test_a_password_is_not_repeated():
    with pytest.raises(ConfigurationError) as caught:
        store_location("sftp://me:hush@there/x")
    assert "hush" not in str(caught.value)


def test_each_kind_of_location_has_its_store():
    assert isinstance(SnapshotStores().open("s3/macro_1.pack"), FilesystemSnapshotStore)
    own = InMemorySnapshotStore()
    places = SnapshotStores(handed_in=own)
    assert isinstance(places.open("/a/macro_1.pack"), FilesystemSnapshotStore)
    assert places.open("s3://a/macro_1.pack") is own
    assert places.open("macro_1.pack") is own


@pytest.mark.parametrize(
    ("location", "is_found"), [("/a/b", True), ("s3://a/b", True), ("a/b", False)]
)
def test_only_its_instance_knows_where_a_relative_path_leads(location, is_found):
    assert SnapshotStores().is_found_from_here(location) is is_found
    assert SnapshotStores(handed_in=InMemorySnapshotStore()).is_found_from_here(location)


def test_two_runs_of_the_same_name_have_places_of_their_own(tmp_path):
    directories = []
    for name in ("one", "two"):
        (tmp_path / name / "run").mkdir(parents=True)
        directories.append(FilesystemRunDirectory(tmp_path / name / "run"))
    places = SnapshotStores(str(tmp_path / "kept"))
    first, second = (places.of_run(directory).place for directory in directories)
    assert first != second
    assert [directory.snapshot_place for directory in directories] == [first, second]
    assert list(Path(first).iterdir()) == []  # nothing is left of the attempt


def test_the_run_directory_is_the_place_where_none_was_named(tmp_path):
    directory = FilesystemRunDirectory(tmp_path)
    assert SnapshotStores().of_run(directory).place == ""
    assert directory.snapshot_place == ""
    assert list(tmp_path.iterdir()) == []


def test_only_what_no_instance_can_open_is_fetched(tmp_path):
    store = InMemorySnapshotStore()
    location = store.store(MACRO, 1, b"x")
    scratch = tmp_path / "scratch"
    resume = {MACRO: "/a/macro_1.pack", Reference("micro"): "micro_1.pack"}
    assert SnapshotStores().fetched(resume, scratch=scratch) == resume
    assert not scratch.exists()
    fetched = SnapshotStores(handed_in=store).fetched({MACRO: location}, scratch=scratch)
    assert Path(fetched[MACRO]).read_bytes() == b"x"
    store.remove(location)
    with pytest.raises(InconsistentSnapshot, match="cannot be fetched: There is no snapshot"):
        SnapshotStores(handed_in=store).fetched({MACRO: location}, scratch=scratch)
