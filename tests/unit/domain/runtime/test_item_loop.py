"""The items of a parallel loop."""

from hypothesis import given
from hypothesis import strategies as st

from domain.runtime.item_loop import CancelItem, EndLoop, ItemLoop, StartItem
from domain.runtime.task_errors import TaskError
from domain.runtime.worker_lending import WorkerLending

ERROR = ValueError("wrong")


def loop_of(items, workers, **options):
    """Return a loop over so many items, and its share of the workers."""
    left = iter(range(items))
    share = WorkerLending().join(workers)
    return ItemLoop(share, take=lambda: next(left, None) is not None, **options)


def test_each_free_worker_gets_an_item():
    loop = loop_of(3, ["a", "b"])
    assert loop.fill() == [StartItem(0, "a"), StartItem(1, "b")]


def test_worker_of_a_done_item_gets_the_next_item():
    loop = loop_of(3, ["a", "b"])
    loop.fill()
    assert loop.done(1) == []
    assert loop.fill() == [StartItem(2, "b")]


def test_loop_ends_with_the_last_item():
    loop = loop_of(2, ["a", "b"])
    loop.fill()
    loop.done(1)
    assert loop.fill() == []
    loop.done(0)
    assert loop.fill() == [EndLoop(None)]
    assert loop.done_items == (1, 0)


def test_loop_without_items_ends_at_once():
    assert loop_of(0, ["a"]).fill() == [EndLoop(None)]


def test_loop_without_items_needs_no_worker():
    assert loop_of(0, []).fill() == [EndLoop(None)]


def test_error_cancels_the_other_items():
    loop = loop_of(9, ["a", "b", "c"])
    loop.fill()
    assert loop.failed(1, ERROR) == [CancelItem(0), CancelItem(2), EndLoop(ERROR)]


def test_items_that_end_after_an_error_are_ignored():
    loop = loop_of(9, ["a", "b", "c"])
    loop.fill()
    loop.failed(1, ERROR)
    assert loop.done(0) == []
    assert loop.failed(2, ERROR) == []
    assert loop.fill() == []
    assert loop.stop(None) == []
    assert loop.done_items == ()


def test_max_await_ends_with_exactly_so_many_results():
    loop = loop_of(9, ["a", "b", "c"], most_results=2)
    loop.fill()
    loop.done(2)
    assert loop.fill() == [StartItem(3, "c")]
    assert loop.done(1) == [CancelItem(0), CancelItem(3), EndLoop(None)]
    loop.done(0)
    assert loop.done_items == (2, 1)


def test_max_await_of_zero_starts_nothing():
    assert loop_of(9, ["a"], most_results=0).fill() == [EndLoop(None)]


def test_item_of_a_lost_worker_runs_again():
    loop = loop_of(1, ["a", "b"])
    loop.fill()
    loop.worker_left("a")
    loop.lost(0, ERROR)
    assert loop.fill() == [StartItem(0, "b")]


def test_item_of_a_fourth_lost_worker_fails_the_loop():
    loop = loop_of(1, ["a", "b", "c", "d", "e"])
    for worker in "abc":
        assert loop.fill() == [StartItem(0, worker)]
        loop.worker_left(worker)
        assert loop.lost(0, ERROR) == []
    assert loop.fill() == [StartItem(0, "d")]
    assert loop.lost(0, ERROR) == [EndLoop(ERROR)]


def test_lost_worker_fails_a_loop_that_is_not_safe():
    loop = loop_of(2, ["a", "b"], is_safe=False)
    loop.fill()
    assert loop.lost(0, ERROR) == [CancelItem(1), EndLoop(ERROR)]


def test_loop_without_a_worker_fails():
    loop = loop_of(2, ["a"])
    loop.fill()
    loop.worker_left("a")
    assert loop.fill() == []
    loop.lost(0, ERROR)
    (end,) = loop.fill()
    assert isinstance(end.error, TaskError)
    assert "No worker is left" in str(end.error)


def test_last_item_of_a_lost_worker_can_end():
    loop = loop_of(1, ["a"])
    loop.fill()
    loop.worker_left("a")
    loop.done(0)
    assert loop.fill() == [EndLoop(None)]


def test_newcomer_gets_items_of_an_open_loop():
    loop = loop_of(2, ["a"], is_open=True)
    loop.fill()
    loop.worker_left("a")
    loop.lost(0, ERROR)
    assert loop.fill() == []
    loop.worker_joined("b")
    assert loop.fill() == [StartItem(0, "b")]


def test_newcomer_gets_no_items_of_other_loops():
    loop = loop_of(2, ["a"])
    loop.fill()
    loop.worker_joined("b")
    assert loop.fill() == []


def test_open_loop_fails_when_no_worker_will_join():
    loop = loop_of(2, [], is_open=True)
    assert loop.fill() == []
    loop.close()
    (end,) = loop.fill()
    assert isinstance(end.error, TaskError)


def test_error_of_the_iterable_fails_the_loop():
    def take():
        raise ERROR

    loop = ItemLoop(WorkerLending().join(["a"]), take=take)
    assert loop.fill() == [EndLoop(ERROR)]


def test_error_of_the_iterable_without_workers_fails_the_loop():
    def take():
        raise ERROR

    loop = ItemLoop(WorkerLending().join([]), take=take)
    assert loop.fill() == [EndLoop(ERROR)]


def test_items_are_taken_only_for_free_workers():
    taken = []
    loop = ItemLoop(WorkerLending().join(["a", "b"]), take=lambda: taken.append(1) or True)
    loop.fill()
    assert len(taken) == 2


EVENTS = st.lists(
    st.tuples(st.sampled_from(["done", "failed", "lost", "join", "leave"]), st.integers(0, 9)),
    max_size=60,
)


@given(
    events=EVENTS,
    items=st.integers(0, 9),
    workers=st.integers(0, 4),
    most=st.none() | st.integers(0, 9),
    is_open=st.booleans(),
    is_safe=st.booleans(),
)
def test_every_loop_ends_once_and_never_shares_a_worker(
    events, items, workers, most, is_open, is_safe
):
    loop = loop_of(
        items,
        [f"w{i}" for i in range(workers)],
        most_results=most,
        is_open=is_open,
        is_safe=is_safe,
    )
    run = _Run(loop, [f"w{i}" for i in range(workers)])
    run.carry_out(loop.fill())
    for kind, number in events:
        run.play(kind, number)
    loop.close()
    run.carry_out(loop.fill())
    while run.running:
        run.play("done", 0)
    assert len(run.ends) == 1
    assert len(loop.done_items) == len(set(loop.done_items))
    if run.ends == [None]:
        assert len(loop.done_items) == (items if most is None else min(most, items))


class _Run:
    """Carries out the instructions of a loop, and checks them."""

    def __init__(self, loop, workers):
        self.loop = loop
        self.alive = set(workers)
        self.running = {}
        self.ends = []
        self.joined = 0

    def carry_out(self, instructions):
        for instruction in instructions:
            assert not self.ends, "an instruction after the end"
            if isinstance(instruction, StartItem):
                assert instruction.worker in self.alive
                assert instruction.worker not in self.running.values()
                assert instruction.item not in self.running
                self.running[instruction.item] = instruction.worker
            elif isinstance(instruction, CancelItem):
                assert instruction.item in self.running
            else:
                self.ends.append(instruction.error)
        if self.ends:
            self.running.clear()

    def play(self, kind, number):
        if kind == "join":
            self.joined += 1
            self.alive.add(f"new{self.joined}")
            self.loop.worker_joined(f"new{self.joined}")
        elif kind == "leave" and self.alive:
            worker = sorted(self.alive)[number % len(self.alive)]
            self.alive.remove(worker)
            self.loop.worker_left(worker)
        elif kind in ("done", "failed", "lost") and self.running:
            item = sorted(self.running)[number % len(self.running)]
            del self.running[item]
            arguments = () if kind == "done" else (ERROR,)
            self.carry_out(getattr(self.loop, kind)(item, *arguments))
        self.carry_out(self.loop.fill())
