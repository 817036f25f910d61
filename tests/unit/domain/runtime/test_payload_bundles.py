"""Bundles of payloads."""

import pytest

from domain.runtime.payload_bundles import bundle, unbundle
from domain.runtime.payloads import Payload

ONE = Payload(b"one", (b"a", b"b"))
TWO = Payload(b"", ())
THREE = Payload(b"three", (b"c",))


@pytest.mark.parametrize("payloads", [[ONE], [ONE, TWO], [TWO, ONE, THREE]])
def test_bundle_is_split_into_the_same_payloads(payloads):
    whole, layout = bundle(payloads)
    parts = [Payload(bytes(part.data), part.buffers) for part in unbundle(whole, layout)]
    assert parts == payloads


@pytest.mark.parametrize(
    "layout", [[[3, 2], [5, 0]], [[2, 2], [0, 0]], [[3, 1], [0, 0]], [[-1, 0], [4, 2]]]
)
def test_layout_that_does_not_match_is_rejected(layout):
    whole, _ = bundle([ONE, TWO])
    with pytest.raises(ValueError, match="layout"):
        unbundle(whole, layout)
