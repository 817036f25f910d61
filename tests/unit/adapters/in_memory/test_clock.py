from adapters.in_memory.clock import ManualClock


def test_due_calls_are_made_in_order_of_their_times() -> None:
    clock = ManualClock()
    made: list[tuple[str, float]] = []
    for name, delay in (("b", 2.0), ("a", 1.0), ("c", 2.0), ("d", 9.0)):
        clock.call_later(delay, lambda name=name: made.append((name, clock.monotonic())))
    clock.advance(5.0)
    assert made == [("a", 1.0), ("b", 2.0), ("c", 2.0)]
    assert clock.monotonic() == 5.0


def test_cancelled_call_is_not_made() -> None:
    clock = ManualClock()
    made: list[int] = []
    clock.call_later(1.0, lambda: made.append(1)).cancel()
    clock.advance(2.0)
    assert made == []


def test_calls_scheduled_by_calls_are_made_when_due() -> None:
    clock = ManualClock()
    made: list[float] = []

    def again() -> None:
        made.append(clock.monotonic())
        clock.call_later(1.0, again)

    again()
    clock.advance(3.0)
    assert made == [0.0, 1.0, 2.0, 3.0]


def test_call_soon_is_made_at_the_next_advance() -> None:
    clock = ManualClock()
    made: list[int] = []
    clock.call_soon(lambda: made.append(1))
    assert made == []
    clock.advance()
    assert made == [1]


def test_time_of_day_advances_too() -> None:
    clock = ManualClock(start=100.0)
    clock.advance(2.5)
    assert (clock.time(), clock.time_ns()) == (102.5, 102_500_000_000)


def test_calls_that_become_due_while_suspended_are_made_late():
    clock = ManualClock()
    times = []
    clock.call_later(1.0, lambda: times.append(clock.monotonic()))
    clock.suspend(10.0)
    assert times == []
    clock.advance(1.0)
    assert times == [10.0]
    assert clock.monotonic() == 11.0
