"""Which workflow snapshot is resumed from, and what is told of the others."""

import pytest

from application.manager.snapshots.resume_choice import choose_given, choose_newest
from domain.errors import InconsistentSnapshot
from tests.unit.application.manager.snapshots.snapshot_bench import Bench


@pytest.fixture
def bench():
    return Bench()


def test_the_newest_sound_one_is_chosen_and_what_is_passed_over_is_told(bench):
    bench.announce(1, 2)
    bench.damage(bench.announce(3))
    choice = choose_newest([bench.reader], model="m", where="here")
    assert choice.snapshot.location == bench.shelf.list()[1].location
    assert bench.shelf.list()[2].location in choice.warnings()[0]


def test_those_of_another_model_are_not_chosen(bench):
    bench.announce(1, model="other")
    with pytest.raises(InconsistentSnapshot, match="no workflow snapshot of model 'm' here"):
        choose_newest([bench.reader], model="m", where="here")
    assert choose_newest([bench.reader], model="m", where="here", any_model=True)


def test_where_all_are_damaged_that_is_said_of_each(bench):
    bench.announce(1, 2)
    for shelved in bench.shelf.list():
        bench.damage(shelved)
    with pytest.raises(InconsistentSnapshot) as raised:
        choose_newest([bench.reader], model="m", where="here")
    assert all(f"- '{item.location}': " in str(raised.value) for item in bench.shelf.list())


def test_a_damaged_one_that_was_asked_for_is_refused_with_an_older_one(bench):
    older = bench.announce(1)
    damaged = bench.announce(2)
    bench.announce(3)
    bench.damage(damaged)
    with pytest.raises(InconsistentSnapshot, match=f"that is sound is '{older.location}'"):
        choose_given(damaged.location, bench.reader)
    bench.damage(older)
    with pytest.raises(InconsistentSnapshot, match="There is no older one"):
        choose_given(damaged.location, bench.reader)


def test_where_nothing_was_made_the_model_and_the_places_are_told(bench):
    with pytest.raises(InconsistentSnapshot, match=r"of model 'm' here. Was the run made with"):
        choose_newest([bench.reader], model="m", where="here")


def test_of_several_runs_the_newest_is_chosen(bench):
    other = Bench()
    bench.announce(1)
    newest = other.announce(2)
    choice = choose_newest([bench.reader, other.reader], model="m", where="here")
    assert choice.snapshot.location == newest.location
    assert choice.snapshot.size == sum(
        len(other.everything.snapshots[x]) for x in newest.resume.values()
    )


def test_the_order_is_that_of_the_moments_and_not_of_the_runs(bench, monkeypatch):
    other = Bench()
    later = bench.announce(1)._replace(moment=20.0)
    earlier = other.announce(2)._replace(moment=10.0)
    monkeypatch.setattr(bench.shelf, "list", lambda: [later])
    monkeypatch.setattr(other.shelf, "list", lambda: [earlier])
    choice = choose_newest([bench.reader, other.reader], model="m", where="here")
    assert choice.snapshot.location == later.location


def test_one_that_was_asked_for_and_is_sound_needs_no_words(bench):
    first = bench.announce(1)
    bench.announce(2)
    choice = choose_given(first.location, bench.reader)
    assert choice.snapshot.location == first.location
    assert choice.warnings() == []
