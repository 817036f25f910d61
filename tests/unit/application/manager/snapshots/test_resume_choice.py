"""The choice of the workflow snapshot to resume from."""

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.in_memory.past_runs import InMemoryPastRuns
from application.manager.snapshots.resume_choice import (
    ResumeChooser,
    choose_given,
    choose_newest,
)
from domain.errors import InconsistentSnapshot
from tests.unit.application.manager.snapshots.snapshot_bench import Bench


@pytest.fixture
def bench():
    return Bench()


def test_newest_sound_snapshot_is_chosen_with_a_warning_about_newer_ones(bench):
    bench.announce(1, 2)
    bench.damage(bench.announce(3))
    choice = choose_newest([bench.run], model="m", where="here")
    _, newest_sound, damaged = bench.workflow_snapshots.list()
    assert choice.snapshot.location == newest_sound.location
    assert damaged.location in choice.warnings()[0]


def test_workflow_snapshots_of_other_models_are_not_chosen(bench):
    bench.announce(1, model="other")
    with pytest.raises(InconsistentSnapshot, match="No workflow snapshot of model 'm' was found"):
        choose_newest([bench.run], model="m", where="here")
    assert choose_newest([bench.run], model="m", where="here", any_model=True)


def test_problems_are_listed_if_no_snapshot_is_sound(bench):
    bench.announce(1, 2)
    for stored in bench.workflow_snapshots.list():
        bench.damage(stored)
    with pytest.raises(InconsistentSnapshot) as raised:
        choose_newest([bench.run], model="m", where="here")
    for item in bench.workflow_snapshots.list():
        assert f"- '{item.location}': " in str(raised.value)


def test_damaged_given_snapshot_is_rejected_naming_the_newest_older_sound_one(bench):
    older = bench.announce(1)
    damaged = bench.announce(2)
    bench.announce(3)
    bench.damage(damaged)
    with pytest.raises(InconsistentSnapshot, match=f"that is sound is '{older.location}'"):
        choose_given(damaged.location, bench.run)
    bench.damage(older)
    with pytest.raises(InconsistentSnapshot, match="None of the older ones"):
        choose_given(damaged.location, bench.run)


def test_error_without_snapshots_names_model_and_place(bench):
    with pytest.raises(InconsistentSnapshot, match=r"'m' was found here\. Was the run made with"):
        choose_newest([bench.run], model="m", where="here")


def test_newest_of_several_runs_is_chosen(bench):
    other = Bench()
    bench.announce(1)
    newest = other.announce(2)
    choice = choose_newest([bench.run, other.run], model="m", where="here")
    assert choice.snapshot.location == newest.location
    assert choice.snapshot.size == sum(
        len(other.everything.snapshots[location]) for location in newest.resume.values()
    )


def test_order_follows_timestamps_and_not_runs(bench, monkeypatch):
    other = Bench()
    later = replace(bench.announce(1), timestamp=20.0)
    earlier = replace(other.announce(2), timestamp=10.0)
    monkeypatch.setattr(bench.workflow_snapshots, "list", lambda: [later])
    monkeypatch.setattr(other.workflow_snapshots, "list", lambda: [earlier])
    choice = choose_newest([bench.run, other.run], model="m", where="here")
    assert choice.snapshot.location == later.location


def test_sound_given_snapshot_causes_no_warning(bench):
    first = bench.announce(1)
    bench.announce(2)
    choice = choose_given(first.location, bench.run)
    assert choice.snapshot.location == first.location
    assert choice.warnings() == []


HERE = Path("/here")
OLD_RUN, NEW_RUN, OTHER_RUN = HERE / "run_m_1", HERE / "run_m_2", HERE / "run_n_1"


class Runs:
    """Three earlier runs, and a ResumeChoice among them."""

    def __init__(self):
        self.benches = {path: Bench() for path in (OLD_RUN, NEW_RUN, OTHER_RUN)}
        self.file = Path("in_memory:0")
        past_runs = InMemoryPastRuns(
            HERE, {"m": [OLD_RUN, NEW_RUN], "n": [OTHER_RUN]}, files=[self.file]
        )
        self._chooser = ResumeChooser(
            past_runs=past_runs,
            run_at=lambda path: self.benches[path].run,
            beside=lambda path: self.benches[OLD_RUN].run,
        )

    def choose(self, resume, *, run_dir=None):
        return self._chooser.choose(resume, model="m", run_dir=run_dir).snapshot

    def newest_in(self, path):
        return self._chooser.newest_in(path)


@pytest.fixture
def runs():
    return Runs()


def test_latest_selects_the_newest_snapshot_of_all_runs_of_the_model(runs):
    runs.benches[OLD_RUN].announce(1)
    newest = runs.benches[NEW_RUN].announce(2)
    runs.benches[OTHER_RUN].announce(3, model="n")
    assert runs.choose("latest").stored == newest


def test_latest_without_snapshots_names_the_searched_directories(runs):
    with pytest.raises(InconsistentSnapshot, match="among the runs in /here and /there"):
        runs.choose("latest", run_dir=Path("/there/next"))


def test_run_directory_selects_its_newest_snapshot(runs):
    stored = runs.benches[OTHER_RUN].announce(1, model="n")
    assert runs.choose(str(OTHER_RUN)).stored == stored  # a later check rejects the model


def test_file_selects_its_snapshot(runs):
    first = runs.benches[OLD_RUN].announce(1)
    runs.benches[OLD_RUN].announce(2)
    assert runs.choose(runs.file).stored == first


def test_missing_file_is_rejected(runs):
    with pytest.raises(InconsistentSnapshot, match=r"'absent\.ymmsl' does not exist"):
        runs.choose("absent.ymmsl")


def test_newest_in_a_run_is_none_without_a_sound_snapshot(runs):
    assert runs.newest_in(NEW_RUN) is None
    stored = runs.benches[NEW_RUN].announce(1)
    assert runs.newest_in(NEW_RUN) == stored.location
    runs.benches[NEW_RUN].damage(stored)
    assert runs.newest_in(NEW_RUN) is None
