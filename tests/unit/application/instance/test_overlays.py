"""Looking up settings, and adopting overlays from messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.instance.overlays import OverlayKeeper
from domain.coupling.messages import PeerMessage
from domain.coupling.ports import SETTINGS_IN, Operator, Port, PortState
from domain.coupling.settings import Settings
from domain.errors import PortError, SettingMismatch, UsageError
from domain.identity import Reference

PORT, SETTINGS_PORT = (
    PortState(Port(name, Operator.F_INIT), is_connected=True, length=None)
    for name in ("init", SETTINGS_IN)
)
overlays = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=2)


def keeper_of(base: dict, **options: bool) -> OverlayKeeper:
    return OverlayKeeper(Reference("micro[0]"), Settings(base), **options)


def message(overlay: dict, data: object = None) -> PeerMessage:
    return PeerMessage(0.0, None, data, Settings(overlay), None, 0, ())


def on_settings_port(overlay: dict, data: object) -> "tuple[PortState, PeerMessage]":
    return SETTINGS_PORT, message(overlay, data)


@given(overlays, overlays)
def test_received_settings_override_the_overlay_of_their_message(came_with, received):
    keeper = keeper_of({})
    keeper.start_pass([on_settings_port(came_with, Settings(received))])
    assert keeper.overlay == Settings({**came_with, **received})


def test_pass_without_a_settings_message_starts_with_an_empty_overlay():
    keeper = keeper_of({})
    keeper.start_pass([on_settings_port({}, Settings({"a": 1}))])
    keeper.start_pass([])
    assert keeper.overlay == Settings()


@pytest.mark.parametrize("data", [None, {"a": 1}, "x"])
def test_settings_message_without_settings_is_rejected(data: object):
    with pytest.raises(UsageError, match="must send Settings"):
        keeper_of({}).start_pass([on_settings_port({}, data)])


@given(st.lists(overlays, max_size=4))
def test_first_overlay_is_adopted_and_later_ones_must_be_equal(came):
    """Empty overlays are accepted until the first other one; all later ones must equal that."""
    keeper = keeper_of({})
    expected: dict = {}
    fits = True
    for overlay in came:
        expected = expected or overlay
        fits = fits and overlay == expected
    messages = [(PORT, message(overlay)) for overlay in came]
    messages.append(on_settings_port({}, Settings()))
    if fits:
        keeper.start_pass(messages)
        assert keeper.overlay == Settings(expected)
    else:
        with pytest.raises(
            RuntimeError, match="'init' received a message from a parallel universe"
        ):
            keeper.start_pass(messages)


@given(st.lists(st.booleans(), min_size=1, max_size=4), overlays, overlays)
def test_explicit_settings_are_applied_on_top_of_the_overlay_of_messages(has_both, came, explicit):
    both = {**came, **explicit}
    keeper = keeper_of({})
    messages = [(PORT, message(came))]
    messages += [(PORT, message(both if item else came)) for item in has_both]
    keeper.start_pass([on_settings_port({}, Settings(explicit)), *messages])
    assert keeper.overlay == Settings(both)
    keeper.check(PORT, message(came))
    keeper.check(PORT, message(both))


def test_explicit_settings_do_not_hide_a_message_of_another_member():
    explicit = on_settings_port({}, Settings({"c": 1}))
    with pytest.raises(UsageError, match="'init' received a message from a parallel universe"):
        keeper_of({}).start_pass([explicit, (PORT, message({"a": 1})), (PORT, message({"a": 2}))])
    keeper = keeper_of({})
    keeper.start_pass([explicit, (PORT, message({"a": 1}))])
    with pytest.raises(UsageError, match=r"overlay \{'a': 2\}"):
        keeper.check(PORT, message({"a": 2}))


def test_resumed_pass_accepts_messages_without_its_explicit_settings():
    messages = [on_settings_port({}, Settings({"b": 2})), (PORT, message({"a": 1}))]
    keeper = keeper_of({})
    keeper.overlay = Settings({"a": 1, "b": 2})
    keeper.resume_pass(messages)
    assert keeper.overlay == Settings({"a": 1, "b": 2})
    keeper.check(PORT, message({"a": 1}))


def test_adopted_overlay_is_a_copy():
    received = message({"a": 1})
    keeper = keeper_of({})
    keeper.start_pass([(PORT, received)])
    received.overlay["a"] = 2
    assert keeper.overlay == Settings({"a": 1})


def test_overlay_overrides_base_settings():
    keeper = keeper_of({"a": 1, "b": 2, "micro[0].c": 3})
    keeper.start_pass([on_settings_port({"a": 4}, Settings())])
    found = [keeper.get(name, "int", lambda: -1) for name in ("a", "b", "c", "d")]
    assert found == [4, 2, 3, -1]
    assert keeper.names() == ["a", "b", "c"]


def test_setting_of_another_type_is_rejected():
    with pytest.raises(SettingMismatch, match="'a'"):
        keeper_of({"a": 1}).get("a", "str", lambda: "x")


def test_instance_that_does_not_adopt_overlays_accepts_different_ones():
    keeper = keeper_of({}, adopts=False)
    keeper.start_pass([(PORT, message({"a": 1})), (PORT, message({"a": 2}))])
    assert keeper.overlay == Settings()
    keeper.start_pass([on_settings_port({}, Settings({"b": 1})), (PORT, message({"a": 2}))])
    assert keeper.overlay == Settings({"b": 1})


def test_receiving_with_settings_is_rejected_where_overlays_are_adopted():
    keeper_of({}, adopts=False).check_with_settings(PORT)
    with pytest.raises(PortError, match="F_INIT port 'init', whose overlay has been applied"):
        keeper_of({}).check_with_settings(PORT)
