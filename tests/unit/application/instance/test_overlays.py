import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.instance.overlays import OverlayKeeper
from domain.coupling.messages import PeerMessage
from domain.coupling.ports import Operator, Port, PortState
from domain.coupling.settings import Settings
from domain.errors import UsageError

PORT = PortState(Port("init", Operator.F_INIT), is_connected=True, length=None)
overlays = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=2)


def message(overlay: dict, data: object = None) -> PeerMessage:
    return PeerMessage(0.0, None, data, Settings(overlay), None, 0, ())


@given(overlays, overlays)
def test_the_settings_received_go_over_the_overlay_they_came_with(came_with, received):
    keeper = OverlayKeeper(Settings())
    keeper.start_pass(message(came_with, Settings(received)))
    assert keeper.overlay == Settings({**came_with, **received})


def test_without_a_settings_message_a_pass_begins_with_none():
    keeper = OverlayKeeper(Settings())
    keeper.start_pass(message({}, Settings({"a": 1})))
    keeper.start_pass(None)
    assert keeper.overlay == Settings()


@pytest.mark.parametrize("data", [None, {"a": 1}, "x"])
def test_something_else_than_settings_is_refused(data: object):
    with pytest.raises(UsageError, match="must send Settings"):
        OverlayKeeper(Settings()).start_pass(message({}, data))


@given(st.lists(overlays, max_size=4), overlays)
def test_the_first_overlay_is_adopted_and_all_after_it_must_be_equal(came, first):
    """The model: nothing but empty ones until one is not, and then only that."""
    keeper = OverlayKeeper(Settings())
    keeper.start_pass(message({}, Settings(first)))
    expected = first
    fits = True
    for overlay in came:
        expected = expected or overlay
        fits = fits and overlay == expected
    messages = [(PORT, message(overlay)) for overlay in came]
    if fits:
        keeper.adopt(messages)
        assert keeper.overlay == Settings(expected)
    else:
        with pytest.raises(
            RuntimeError, match="'init' received a message from a parallel universe"
        ):
            keeper.adopt(messages)


def test_what_is_adopted_does_not_change_with_the_message():
    received = message({"a": 1})
    keeper = OverlayKeeper(Settings())
    keeper.start_pass(None)
    keeper.adopt([(PORT, received)])
    received.overlay["a"] = 2
    assert keeper.overlay == Settings({"a": 1})
