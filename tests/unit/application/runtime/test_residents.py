"""The objects that live in a process."""

import pytest

from application.runtime.residents import ACTOR, TASK, Residents


@pytest.fixture
def residents():
    return Residents()


def test_first_object_of_a_uid_stays(residents):
    assert residents.enter(ACTOR, "a", "first") == "first"
    assert residents.enter(ACTOR, "a", "second") == "first"


def test_object_of_another_type_is_a_key_error(residents):
    residents.enter(ACTOR, "a", "first")
    with pytest.raises(KeyError):
        residents.find(TASK, "a")
    assert residents.get(TASK, "a") is None


def test_object_is_released_when_its_last_holder_gives_it_up(residents):
    released = []
    residents.on_release(ACTOR, lambda uid, item: released.append((uid, item)))
    residents.enter(ACTOR, "a", "object")
    assert residents.increase("head", "a")
    assert residents.increase("worker", "a")
    residents.decrease("head", "a")
    assert released == []
    residents.remove_holder("worker")
    assert released == [("a", "object")]
    assert residents.get(ACTOR, "a") is None


def test_unknown_object_is_not_counted(residents):
    assert not residents.increase("head", "a")
    residents.decrease("head", "a")
    assert residents.total("a") == 0


def test_removed_object_is_not_released(residents):
    released = []
    residents.on_release(ACTOR, lambda uid, item: released.append(uid))
    residents.enter(ACTOR, "a", "object")
    residents.increase("head", "a")
    residents.remove("a")
    residents.decrease("head", "a")
    assert released == []


def test_all_objects_of_a_type_are_listed(residents):
    residents.enter(ACTOR, "a", 1)
    residents.enter(TASK, "b", 2)
    assert residents.all_of(ACTOR) == [1]
