import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.runtime.value_ledger import ValueLedger


@pytest.fixture
def ledger():
    ledger = ValueLedger()
    ledger.add("k", 100, "a")
    return ledger


def test_value_is_free_after_the_release_of_its_owner(ledger):
    assert ledger.release("k", "a")
    assert "k" not in ledger
    assert ledger.shared_bytes == 0


def test_value_in_flight_is_kept_by_the_hold_of_its_receiver(ledger):
    ledger.hold("k", "b")
    assert not ledger.release("k", "a")
    assert ledger.release("k", "b")


def test_release_that_arrives_before_the_hold_does_not_free_the_value(ledger):
    assert not ledger.release("k", "b")
    ledger.hold("k", "b")
    assert ledger.release("k", "a")


def test_mapped_value_is_kept_until_it_is_unmapped(ledger):
    ledger.map("k", "b")
    assert not ledger.release("k", "a")
    assert ledger.unmap("k", "b")


def test_duplicate_key_is_rejected(ledger):
    with pytest.raises(ValueError, match="exists already"):
        ledger.add("k", 1, "b")


def test_loss_of_a_host_frees_what_only_it_held(ledger):
    ledger.add("other", 1, "a")
    ledger.hold("other", "b")
    ledger.map("k", "a")
    assert ledger.host_lost("a") == ["k"]
    assert ledger.host_lost("b") == ["other"]


def test_late_hold_for_a_lost_host_is_ignored(ledger):
    ledger.host_lost("b")
    ledger.hold("k", "b")
    assert ledger.release("k", "a")


def test_events_of_unknown_values_are_ignored(ledger):
    ledger.hold("x", "a")
    assert not ledger.release("x", "a")
    assert not ledger.unmap("x", "a")
    ledger.forget("x")


def test_least_recently_used_values_are_spilled_first():
    ledger = ValueLedger()
    for key in "abc":
        ledger.add(key, 10, "a")
    ledger.map("a", "w")
    ledger.unmap("a", "w")
    assert list(ledger.to_spill(15)) == ["b", "c"]


def test_mapped_and_small_and_spilled_values_are_not_spilled():
    ledger = ValueLedger()
    ledger.add("small", 10, "a", can_spill=False)
    for key in ("mapped", "spilled", "other"):
        ledger.add(key, 10, "a")
    ledger.map("mapped", "w")
    ledger.spill("spilled")
    assert list(ledger.to_spill(0)) == ["other"]
    assert ledger.shared_bytes == 20


def test_stored_and_spilled_bytes_are_counted_by_owner(ledger):
    ledger.add("l", 50, "b")
    ledger.spill("l")
    assert (ledger.stored_by("a"), ledger.spilled_of("a")) == (100, 0)
    assert (ledger.stored_by("b"), ledger.spilled_of("b")) == (50, 50)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc"))), st.data())
def test_value_is_freed_exactly_when_all_have_released_it(transfers, data):
    """Holds pass between processes; the messages of each process arrive in order."""
    held = {"a": 1, "b": 0, "c": 0}
    events = {"a": [], "b": [], "c": []}
    for sender, receiver in transfers:
        if held[sender]:
            events[sender].append(("hold", receiver))
            held[receiver] += 1
    for uid, count in held.items():
        events[uid] += [("release", uid)] * count
    ledger = ValueLedger()
    ledger.add("k", 1, "a")
    while pending := [uid for uid in "abc" if events[uid]]:
        assert "k" in ledger
        kind, uid = events[data.draw(st.sampled_from(pending))].pop(0)
        if kind == "hold":
            ledger.hold("k", uid)
        else:
            ledger.release("k", uid)
    assert "k" not in ledger


def test_values_of_one_process_are_spilled_for_it():
    ledger = ValueLedger()
    for key, owner in (("a/1", "a"), ("b/1", "b"), ("a/2", "a"), ("a/3", "a")):
        ledger.add(key, 10, owner)
    ledger.map("a/1", "b")
    assert list(ledger.to_spill_of("a", 5)) == ["a/2"]
    assert list(ledger.to_spill_of("a", 100)) == ["a/2", "a/3"]
    assert list(ledger.to_spill_of("a", 0)) == []
