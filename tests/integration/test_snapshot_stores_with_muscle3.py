"""Real MUSCLE3 instances in runs with a snapshot store.

They read and write files; the manager moves these to and from the store.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.object_store import ObjectStore, running_object_store
from tests.support.scenario_runs import ScenarioRun, run_scenario

pytestmark = [pytest.mark.muscle3, pytest.mark.slow, pytest.mark.timeout(300)]

SCENARIO = "checkpoints"
MIXED = {"macro": "muscle3", "micro": "conjoin"}


@pytest.fixture(scope="module")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with running_object_store(tmp_path_factory.mktemp("object_store")) as store:
        yield store


def received(run: ScenarioRun, instance: str) -> list[object]:
    events = run.results.get(instance, [])
    return [
        event for event in events if event[:2] in (["received", "state_in"], ["received", "init"])
    ]


def run(folder: Path, libraries, **options) -> ScenarioRun:
    folder.mkdir()
    result = run_scenario(
        SCENARIO, manager="conjoin", libraries=libraries, tmp_path=folder, **options
    )
    assert result.exit_code == 0, result.account()
    return result


def workflow_snapshots_of(result: ScenarioRun) -> list[Path]:
    paths = sorted((result.run_dir / "snapshots").glob("snapshot_*.ymmsl"))
    assert paths, "no workflow snapshot was written"
    return paths


@pytest.mark.parametrize(
    ("before", "after"),
    [("conjoin", "muscle3"), ("muscle3", "conjoin"), (MIXED, MIXED), ("muscle3", "muscle3")],
    ids=str,
)
def test_run_in_an_object_store_is_resumed_by_either_library(
    tmp_path: Path, object_store: ObjectStore, request, before, after
):
    bucket = "muscle3-" + re.sub(r"[^a-z0-9]", "", request.node.name.lower())[-40:]
    options = {
        "arguments": ("--snapshot-store", f"s3://{bucket}/mine"),
        "environment": object_store.environment,
    }
    whole = run(tmp_path / "whole", before, **options)
    stored = {f"s3://{bucket}/{name}" for name in object_store.names(bucket)}
    for path in workflow_snapshots_of(whole):
        assert set(re.findall(r"s3://[^'\n]+", path.read_text())) <= stored
        assert path.read_text().count("s3://") == 2
    for number in (0, len(workflow_snapshots_of(whole)) - 2):
        resumed = run(
            tmp_path / str(number), after, resume=workflow_snapshots_of(whole)[number], **options
        )
        for instance in ("macro", "micro"):
            full, rest = received(whole, instance), received(resumed, instance)
            assert rest == full[len(full) - len(rest) :], resumed.account()
        assert len(received(resumed, "macro")) < len(received(whole, "macro"))
        assert workflow_snapshots_of(resumed)[0].read_text().count("s3://") == 2
        assert not (resumed.run_dir / "snapshots" / "fetched").exists()


def test_muscle3_instances_write_to_another_directory(tmp_path: Path):
    place = tmp_path / "kept"
    whole = run(tmp_path / "whole", MIXED, arguments=("--snapshot-store", str(place)))
    assert not list(whole.run_dir.rglob("*.pack"))
    for path in workflow_snapshots_of(whole):
        assert path.read_text().count(f"{place}/run_") == 2
    resumed = run(tmp_path / "resumed", "muscle3", resume=workflow_snapshots_of(whole)[1])
    full, rest = received(whole, "macro"), received(resumed, "macro")
    assert rest == full[len(full) - len(rest) :]
    assert 0 < len(rest) < len(full)
