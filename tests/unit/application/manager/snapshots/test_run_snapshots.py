"""Which workflow snapshots are sound, and which are removed."""

import pytest

from tests.unit.application.manager.snapshots.snapshot_bench import MACRO, MICRO, Bench


@pytest.fixture
def bench():
    return Bench()


def locations(found):
    return [item.location for item in found]


def test_what_is_kept_is_described(bench):
    bench.announce(1)
    (found,) = bench.reader.newest_first()
    assert (found.model, found.triggers, found.problems) == ("m", ("t",), ())
    assert [(state.instance, state.timestamp) for state in found.states] == [
        (MACRO, 1.0),
        (MICRO, 1.0),
    ]
    assert found.size == sum(map(len, bench.everything.snapshots.values()))


def test_what_is_damaged_is_named(bench):
    shelved = bench.announce(1)
    bench.damage(shelved)
    (found,) = bench.reader.newest_first()
    assert not found.is_sound
    assert shelved.resume[MACRO] in found.problems[0]


def test_foreign_snapshot_that_cannot_be_decoded_is_sound_with_a_remark(bench):
    shelved = bench.announce(1)
    bench.everything.snapshots[shelved.resume[MACRO]] = b"9\x80"
    (found,) = bench.reader.newest_first()
    assert found.is_sound
    (remark,) = found.remarks
    assert shelved.resume[MACRO] in remark
    assert "it has version 9" in remark
    assert found.states[0].size == 2


def test_a_snapshot_of_another_instance_is_not_sound(bench):
    bench.announce(1, whose="macro")
    (found,) = bench.reader.newest_first()
    assert "is one of 'macro', not of 'micro[0]'" in found.problems[0]


def test_pruning_removes_what_is_old_and_not_needed(bench):
    bench.announce(1, 2, 3)
    not_announced_yet = bench.save(MACRO, 4).snapshot.snapshot_filename
    first, second, third = bench.shelf.list()
    done = bench.reader.prune(keep=2)
    assert list(done.workflow_snapshots) == [first.location]
    assert set(done.states) == set(first.resume.values())
    assert (done.kept, done.size > 0) == (2, True)
    assert set(bench.everything.snapshots) == {
        *second.resume.values(),
        *third.resume.values(),
        not_announced_yet,
    }


def test_pruning_keeps_so_many_that_are_sound(bench):
    bench.announce(1, 2)
    bench.damage(bench.announce(3))
    done = bench.reader.prune(keep=1)
    assert (len(done.workflow_snapshots), done.kept) == (1, 2)
    assert [item.is_sound for item in bench.reader.newest_first()] == [False, True]


def test_pruning_removes_nothing_where_too_few_are_sound(bench):
    bench.announce(1)
    bench.damage(bench.announce(2))
    done = bench.reader.prune(keep=2)
    assert (done.workflow_snapshots, done.states, done.kept) == ((), (), 2)
    assert len(bench.everything.snapshots) == 4


def test_all_cannot_be_removed(bench):
    with pytest.raises(ValueError, match="at least 1"):
        bench.reader.prune(keep=0)
