"""Snapshots in an object store or in another directory."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.object_store import ObjectStore, running_object_store
from tests.support.pages import save_files
from tests.support.snapshot_files import make_foreign
from tests.support.workspace import Outcome, Workspace

COMPLETED, DAMAGED, FAILED, MISTAKE = 0, 1, 1, 2

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with running_object_store(tmp_path_factory.mktemp("object_store")) as store:
        yield store


@pytest.fixture
def saving(workspace: Workspace) -> Workspace:
    """Return the model of docs/checkpointing.md, which saves its state."""
    save_files("checkpointing.md", workspace.folder)
    workspace.change("model.ymmsl", "macro.steps: 2", "macro.steps: 4")
    workspace.run_dir.rmdir()
    return workspace


class StoreRuns:
    """Runs of a model with snapshots in the object store."""

    def __init__(self, saving: Workspace, store: ObjectStore, bucket: str) -> None:
        self.saving = saving
        self.store = store
        self.bucket = bucket
        self.url = f"s3://{bucket}/mine"

    def conjoin(self, *arguments: object) -> Outcome:
        return self.saving.conjoin(*arguments, environment=self.store.environment)

    def run(self, *arguments: object) -> Path:
        """Run to the end; return the run directory."""
        before = set(self.saving.folder.glob("run_pair_*"))
        outcome = self.conjoin(
            "run", "--start-all", "--checkpoint-every-simulation", 1, "--snapshot-store", self.url,
            *arguments, "model.ymmsl",
        )  # fmt: skip
        assert outcome.exit_code == COMPLETED, outcome.text
        (directory,) = set(self.saving.folder.glob("run_pair_*")) - before
        return directory

    def names(self) -> set[str]:
        """Return the names of the objects in the bucket."""
        return {f"{self.bucket}/{name}" for name in self.store.names(self.bucket)}


@pytest.fixture
def in_store(saving: Workspace, object_store: ObjectStore, request) -> StoreRuns:
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[-60:].strip("-")
    return StoreRuns(saving, object_store, name)


def workflow_snapshots_of(directory: Path) -> list[Path]:
    """Return the workflow snapshots of a run, the oldest first."""
    found = (directory / "snapshots").glob("snapshot_*.ymmsl")
    return sorted(found, key=lambda path: (path.name[:24], len(path.name), path.name))


def objects_of(workflow_snapshot: Path) -> set[str]:
    """Return the objects that a workflow snapshot names, without `s3://`."""
    return set(re.findall(r"s3://([^'\n]+)", workflow_snapshot.read_text()))


def printed_by_macro(directory: Path) -> list[str]:
    return (directory / "instances" / "macro" / "stdout.txt").read_text().splitlines()


# An object store ----------------------------------------------------------------------------------


def test_snapshots_are_stored_in_and_resumed_from_an_object_store(in_store: StoreRuns):
    first = in_store.run()
    place = (first / "snapshots" / "kept_in.txt").read_text().strip()
    assert re.fullmatch(rf"{in_store.url}/{first.name}_[0-9a-f]+", place)
    assert not list(first.rglob("*.pack"))
    before = {name: in_store.store.read(name) for name in in_store.names()}
    assert all(re.fullmatch(r".*/(macro|micro)_\d+\.pack", name) for name in before)
    named = [objects_of(path) for path in workflow_snapshots_of(first)]
    assert all(len(names) == 2 and names <= set(before) for names in named)
    assert all(f"s3://{name}".startswith(f"{place}/") for name in before)

    second = in_store.run("--resume", "latest")
    assert printed_by_macro(second)[0].startswith("resumed at")
    assert printed_by_macro(second)[-1] == printed_by_macro(first)[-1]
    assert not list(second.rglob("*.pack"))
    assert not (second / "snapshots" / "fetched").exists()
    # the snapshots of the new run have the same names, but another prefix
    assert all(in_store.store.read(name) == data for name, data in before.items())
    assert len(in_store.names()) > len(before)


def test_run_in_the_store_is_resumed_from_a_workflow_snapshot_file(in_store: StoreRuns):
    first = in_store.run()
    for asked in (
        ["--resume", workflow_snapshots_of(first)[-1]],
        [workflow_snapshots_of(first)[0]],
    ):
        resumed = in_store.run(*asked)
        assert printed_by_macro(resumed)[0].startswith("resumed at")
        assert printed_by_macro(resumed)[-1] == printed_by_macro(first)[-1]


def test_snapshots_in_the_store_are_listed_shown_and_verified(in_store: StoreRuns):
    directory = in_store.run()
    newest = workflow_snapshots_of(directory)[-1]
    outcome = in_store.conjoin("snapshots", directory)
    assert outcome.exit_code == COMPLETED, outcome.text
    assert outcome.stdout.count(", sound\n") == len(workflow_snapshots_of(directory))
    outcome = in_store.conjoin("snapshots", "show", newest)
    sizes = {name: len(in_store.store.read(name)) for name in objects_of(newest)}
    for name, size in sizes.items():
        assert re.search(rf" {size} bytes +s3://{re.escape(name)}\n", outcome.stdout)
    damaged = next(name for name in sizes if "macro" in name)
    in_store.store.replace(damaged, in_store.store.read(damaged)[:-10])
    outcome = in_store.conjoin("snapshots", "verify", directory)
    assert outcome.exit_code == DAMAGED
    assert f"{newest}: DAMAGED\n  Snapshot 's3://{damaged}' cannot be used" in outcome.stdout
    in_store.store.remove(damaged)
    outcome = in_store.conjoin(
        "run", "--start-all", "--dry-run", "--resume", "latest", "model.ymmsl"
    )
    assert f"Snapshot 's3://{damaged}' cannot be used: there is nothing there" in outcome.stdout
    assert f"Resuming from {workflow_snapshots_of(directory)[-2]}\n" in outcome.stdout


def test_prune_removes_objects_from_the_store(in_store: StoreRuns):
    other = in_store.run()
    others = in_store.names()
    directory = in_store.run()
    kept = workflow_snapshots_of(directory)[-1]
    outcome = in_store.conjoin("snapshots", "prune", directory, "--keep", 1)
    assert outcome.exit_code == COMPLETED, outcome.text
    assert workflow_snapshots_of(directory) == [kept]
    left = in_store.names() - others
    assert left >= objects_of(kept)
    assert all(_number(name) >= _number(_same(name, objects_of(kept))) for name in left)
    assert in_store.names() >= others
    assert len(workflow_snapshots_of(other)) > 1
    in_store.run("--resume", kept)


def _same(name: str, needed: set[str]) -> str:
    """Return the needed object of the same instance."""
    (result,) = (item for item in needed if item.rpartition("_")[0] == name.rpartition("_")[0])
    return result


def _number(name: str) -> int:
    return int(name.removesuffix(".pack").rpartition("_")[2])


def test_unreachable_store_is_rejected_before_the_start(in_store: StoreRuns):
    environment = {**in_store.store.environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    outcome = in_store.saving.conjoin(
        "run", "--start-all", "--snapshot-store", in_store.url, "model.ymmsl",
        environment=environment,
    )  # fmt: skip
    check_rejected(in_store.saving, outcome, in_store.url, "Could not connect")


def test_instance_without_fsspec_fails_at_its_start(in_store: StoreRuns):
    text = (in_store.saving.folder / "macro.py").read_text()
    in_store.saving.write("macro.py", f"import sys\nsys.modules['fsspec'] = None\n{text}")
    outcome = in_store.conjoin(
        "run", "--start-all", "--checkpoint-at-end", "--snapshot-store", in_store.url, "model.ymmsl"
    )
    assert outcome.exit_code == FAILED
    assert "Snapshots cannot be stored" in outcome.text
    assert "pip install fsspec" in outcome.text


# Another directory --------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["{place}", "file://{place}", "kept"])
def test_snapshots_are_stored_in_another_directory(saving: Workspace, form: str):
    place = saving.folder / "kept"
    given = form.format(place=place)
    outcome = saving.conjoin(
        "run", "--start-all", "--checkpoint-at-end", "--snapshot-store", given, "model.ymmsl"
    )
    assert outcome.exit_code == COMPLETED, outcome.text
    (directory,) = saving.folder.glob("run_pair_*")
    assert not list(directory.rglob("*.pack"))
    (inside,) = place.iterdir()
    assert inside.name.startswith(f"{directory.name}_")
    assert {path.name for path in inside.iterdir()} == {"macro_1.pack", "micro_1.pack"}
    outcome = saving.conjoin("run", "--start-all", "--resume", "latest", "model.ymmsl")
    assert outcome.exit_code == COMPLETED, outcome.text


def test_model_does_not_import_fsspec_unless_needed(saving: Workspace):
    text = (saving.folder / "macro.py").read_text()
    saving.write(
        "macro.py", f"{text}import sys\nprint('fsspec' in sys.modules, 's3fs' in sys.modules)"
    )
    for arguments in ([], ["--snapshot-store", "kept"]):
        before = set(saving.folder.glob("run_pair_*"))
        outcome = saving.conjoin(
            "run", "--start-all", "--checkpoint-at-end", *arguments, "model.ymmsl"
        )
        assert outcome.exit_code == COMPLETED, outcome.text
        (directory,) = set(saving.folder.glob("run_pair_*")) - before
        assert printed_by_macro(directory)[-1] == "False False"


# Rejected stores ----------------------------------------------------------------------------------


def check_rejected(saving: Workspace, outcome: Outcome, *texts: str) -> None:
    """Check that a run was rejected with an error message, and left nothing behind."""
    assert outcome.exit_code == MISTAKE, outcome.text
    assert "This cannot be run: Snapshots cannot be kept in '" in outcome.stderr
    assert all(text in outcome.stderr for text in texts), outcome.stderr
    assert "Traceback" not in outcome.text
    assert not list(saving.folder.glob("run_pair_*"))


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("memory://mine", "it is in the memory of one process, and lost when that process ends"),
        ("s3:/bucket/mine", "write 's3://…' for a URL"),
        ("file://mine", "its path must start with a /"),
        ("unheard-of://mine", "Protocol not known: unheard-of"),
        ("model.ymmsl/mine", "Not a directory"),
        ("s3://bucket/mine", "Install s3fs to access S3"),
        ("https://127.0.0.1:9/mine", "aiohttp"),
    ],
)
def test_invalid_store_is_rejected(saving: Workspace, given: str, text: str):
    for what in (["--dry-run"], []) if "model.ymmsl" not in given else ([],):
        outcome = saving.conjoin(
            "run", "--start-all", *what, "--snapshot-store", given, "model.ymmsl"
        )
        check_rejected(saving, outcome, text)


def test_password_in_a_url_is_rejected_and_not_shown(saving: Workspace):
    outcome = saving.conjoin(
        "run", "--start-all", "--snapshot-store", "ftp://me:hush@127.0.0.1/mine", "model.ymmsl"
    )
    check_rejected(saving, outcome, "it contains a password")
    assert "hush" not in outcome.text


def test_missing_fsspec_error_contains_the_install_command(saving: Workspace):
    (saving.folder / "modules").mkdir()
    saving.write("modules/fsspec.py", "raise ModuleNotFoundError('no fsspec here')\n")
    outcome = saving.conjoin(
        "run", "--start-all", "--snapshot-store", "s3://bucket/mine", "model.ymmsl",
        environment={"PYTHONPATH": str(saving.folder / "modules")},
    )  # fmt: skip
    check_rejected(saving, outcome, "fsspec, which is not installed", "pip install fsspec")


def test_snapshots_in_an_unreadable_store_count_as_damaged(saving: Workspace):
    saving.write(
        "resumed.ymmsl", "ymmsl_version: v0.2\nresume:\n  macro: s3://bucket/macro_1.pack\n"
    )
    outcome = saving.conjoin("snapshots", "verify", "resumed.ymmsl")
    assert outcome.exit_code == DAMAGED
    assert "Snapshot 's3://bucket/macro_1.pack' cannot be used" in outcome.stdout
    assert "Install s3fs" in outcome.stdout
    outcome = saving.conjoin("run", "--start-all", "model.ymmsl", "resumed.ymmsl")
    assert outcome.exit_code == MISTAKE
    assert "Install s3fs" in outcome.stderr


# Relative paths -----------------------------------------------------------------------------------


def resume_from(saving: Workspace, name: str) -> Outcome:
    saving.write(
        "resumed.ymmsl",
        f"ymmsl_version: v0.2\nresume:\n  macro: {name}/macro_1.pack\n"
        f"  micro: {name}/micro_1.pack\n",
    )
    (saving.folder / "run").mkdir(exist_ok=True)
    return saving.start_all("resumed.ymmsl")


def test_relative_paths_start_in_the_working_directory_of_the_instance(saving: Workspace):
    outcome = saving.conjoin(
        "run", "--start-all", "--checkpoint-at-end", "--snapshot-store", "kept", "model.ymmsl"
    )
    assert outcome.exit_code == COMPLETED, outcome.text
    (inside,) = (saving.folder / "kept").iterdir()
    for wrong in ("kept", f"kept/{inside.name}"):
        outcome = resume_from(saving, wrong)
        assert outcome.exit_code == MISTAKE, outcome.text
        path = saving.run_dir / "instances" / "macro" / "workdir" / wrong / "macro_1.pack"
        assert f"'{wrong}/macro_1.pack', from which 'macro' is to be resumed" in outcome.stderr
        assert f"would be '{path}', but that file does not exist" in outcome.stderr
        assert not (saving.run_dir / "instances" / "macro" / "stdout.txt").exists()
        clear(saving)
    right = f"../../../../kept/{inside.name}"
    (inside / "macro_1.pack").rename(inside / "macro_2.pack")
    (inside / "micro_1.pack").rename(inside / "macro_1.pack")
    outcome = resume_from(saving, right)
    assert outcome.exit_code == MISTAKE
    assert "that file does not exist" in outcome.stderr
    clear(saving)
    (inside / "macro_1.pack").rename(inside / "micro_1.pack")
    (inside / "macro_2.pack").rename(inside / "macro_1.pack")
    outcome = resume_from(saving, right)
    assert outcome.exit_code == COMPLETED, outcome.text
    clear(saving)
    data = (inside / "macro_1.pack").read_bytes()
    (inside / "macro_1.pack").write_bytes(data[:-1])
    outcome = resume_from(saving, right)
    assert outcome.exit_code == MISTAKE
    assert "it is incomplete or damaged" in outcome.stderr
    clear(saving)
    (inside / "macro_1.pack").write_bytes(data)
    make_foreign(inside / "macro_1.pack")
    resume_from(saving, right)
    log = (saving.run_dir / "muscle3_manager.log").read_text()
    assert re.search(
        r"WARNING .*Snapshot '.*macro_1.pack' of 'macro' was written by a library", log
    )


def clear(saving: Workspace) -> None:
    shutil.rmtree(saving.run_dir)
