"""Examining and pruning the snapshots of a run."""

import pytest

from tests.unit.application.manager.snapshots.snapshot_bench import MACRO, MICRO, Bench


@pytest.fixture
def bench():
    return Bench()


def locations(found):
    return [item.location for item in found]


def test_examination_describes_the_snapshots(bench):
    bench.announce(1)
    (found,) = bench.run.newest_first()
    assert (found.model, found.triggers, found.problems) == ("m", ("t",), ())
    assert [(item.instance, item.timestamp) for item in found.snapshots] == [
        (MACRO, 1.0),
        (MICRO, 1.0),
    ]
    assert found.size == sum(map(len, bench.everything.snapshots.values()))


def test_damaged_snapshot_is_named(bench):
    stored = bench.announce(1)
    bench.damage(stored)
    (found,) = bench.run.newest_first()
    assert not found.is_sound
    assert stored.resume[MACRO] in found.problems[0]


def test_foreign_snapshot_that_cannot_be_decoded_is_sound_with_a_remark(bench):
    stored = bench.announce(1)
    bench.everything.snapshots[stored.resume[MACRO]] = b"9\x80"
    (found,) = bench.run.newest_first()
    assert found.is_sound
    (remark,) = found.remarks
    assert stored.resume[MACRO] in remark
    assert "it has version 9" in remark
    assert found.snapshots[0].size == 2


def test_snapshot_of_another_instance_is_not_sound(bench):
    bench.announce(1, whose="macro")
    (found,) = bench.run.newest_first()
    assert "is one of 'macro', not of 'micro[0]'" in found.problems[0]


def test_prune_removes_old_snapshots_that_are_not_needed(bench):
    bench.announce(1, 2, 3)
    not_announced_yet = bench.save(MACRO, 4).metadata.snapshot_filename
    first, second, third = bench.workflow_snapshots.list()
    done = bench.run.prune(keep=2)
    assert list(done.workflow_snapshots) == [first.location]
    assert set(done.snapshots) == set(first.resume.values())
    assert (done.kept, done.size > 0) == (2, True)
    assert set(bench.everything.snapshots) == {
        *second.resume.values(),
        *third.resume.values(),
        not_announced_yet,
    }


def test_prune_keeps_the_given_number_of_sound_snapshots(bench):
    bench.announce(1, 2)
    bench.damage(bench.announce(3))
    done = bench.run.prune(keep=1)
    assert (len(done.workflow_snapshots), done.kept) == (1, 2)
    assert [item.is_sound for item in bench.run.newest_first()] == [False, True]


def test_prune_removes_nothing_if_too_few_are_sound(bench):
    bench.announce(1)
    bench.damage(bench.announce(2))
    done = bench.run.prune(keep=2)
    assert (done.workflow_snapshots, done.snapshots, done.kept) == ((), (), 2)
    assert len(bench.everything.snapshots) == 4


def test_prune_rejects_keeping_none(bench):
    with pytest.raises(ValueError, match="at least 1"):
        bench.run.prune(keep=0)
