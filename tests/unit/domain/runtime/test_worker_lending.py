"""Workers that nested loops borrow."""

import pytest

from domain.runtime.worker_lending import WorkerLending


@pytest.fixture
def lending():
    return WorkerLending()


def borrowed(share):
    worker = share.free()
    if worker is not None:
        share.borrow(worker)
    return worker


def test_borrowed_worker_is_not_free(lending):
    share = lending.join(["a", "b"])
    assert [borrowed(share), borrowed(share), borrowed(share)] == ["a", "b", None]


def test_worker_that_is_given_back_is_free(lending):
    share = lending.join(["a"])
    share.borrow("a")
    share.give_back("a")
    assert share.free() == "a"


def test_nested_loop_borrows_the_worker_of_its_outer_item(lending):
    outer = lending.join(["a", "b"])
    outer.borrow("a")
    outer.borrow("b")
    nested = lending.join(["a", "b"], outer="b")
    assert [borrowed(nested), borrowed(nested)] == ["b", None]


def test_nested_loop_borrows_free_workers_too(lending):
    outer = lending.join(["a", "b", "c"])
    outer.borrow("a")
    nested = lending.join(["a", "b", "c"], outer="a")
    assert [borrowed(nested), borrowed(nested), borrowed(nested)] == ["a", "b", "c"]
    assert outer.free() is None


def test_outer_item_keeps_its_worker_when_the_nested_loop_ends(lending):
    outer = lending.join(["a", "b"])
    outer.borrow("a")
    nested = lending.join(["a", "b"], outer="a")
    nested.borrow("a")
    nested.borrow("b")
    lending.leave(nested)
    assert outer.free() == "b"


def test_workers_of_a_loop_inside_of_a_nested_loop_are_not_free(lending):
    outer = lending.join(["a", "b", "c"])
    outer.borrow("a")
    nested = lending.join(["a", "b", "c"], outer="a")
    nested.borrow("b")
    inner = lending.join(["a", "b", "c"], outer="b")
    inner.borrow("b")
    inner.borrow("c")
    assert [outer.free(), nested.free(), inner.free()] == [None, "a", None]


def test_two_outermost_loops_borrow_the_same_worker():
    first, second = WorkerLending().join(["a"]), WorkerLending().join(["a"])
    first.borrow("a")
    assert second.free() == "a"


def test_lost_worker_is_not_free_after_it_was_given_back(lending):
    share = lending.join(["a"])
    share.borrow("a")
    share.remove_worker("a")
    share.give_back("a")
    assert share.free() is None
    assert not share.has_workers


def test_unknown_lost_worker_is_ignored(lending):
    share = lending.join(["a"])
    share.remove_worker("b")
    assert share.has_workers


def test_worker_that_joins_is_free(lending):
    share = lending.join([])
    share.add_worker("a")
    share.add_worker("a")
    share.borrow("a")
    assert share.free() is None


def test_loop_without_a_worker_borrows_first(lending):
    outer = lending.join(["a", "b"])
    outer.borrow("a")
    nested = lending.join(["b"], outer="lost")
    assert lending.by_need() == [nested, outer]


def test_loop_that_has_left_does_not_borrow(lending):
    share = lending.join(["a"])
    lending.leave(share)
    lending.leave(share)
    assert lending.by_need() == []
