"""Differences between a model and the snapshots from which it is resumed."""

import pytest

from domain.checkpointing.model_differences import (
    connected_ports,
    port_differences,
    unchecked_snapshot,
    unknown_instance,
)
from domain.errors import ForeignSnapshot
from domain.identity import Reference
from domain.model.topology import Topology
from tests.support.models import configuration

MODEL = configuration(
    "macro o_i -> micro f_init\nmicro o_f -> macro s", sizes={"micro": (3,)}
).model


@pytest.mark.parametrize("name", ["macro", "micro[0]", "micro[2]"])
def test_instance_of_the_model_is_accepted(name):
    assert unknown_instance(MODEL, Reference(name)) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("meso", "there is a snapshot of 'meso', but model 'm' has no 'meso'"),
        ("micro", "the multiplicity of 'micro' is now [3]"),
        ("micro[3]", "the multiplicity of 'micro' is now [3]"),
        ("macro[0]", "the multiplicity of 'macro' is now none"),
    ],
)
def test_unknown_component_differs_from_changed_multiplicity(name, text):
    assert text in str(unknown_instance(MODEL, Reference(name)))


def test_slots_follow_from_the_multiplicities():
    macro, micro = (MODEL.components[Reference(name)] for name in ("macro", "micro"))
    assert connected_ports(macro, Topology(MODEL)) == {"o_i": 3, "s": 3}
    assert connected_ports(micro, Topology(MODEL)) == {"f_init": None, "o_f": None}


def test_equal_ports_have_no_differences():
    counts = {"o_i": (2, 2, 2), "s": (2, 2, 1), "unused": (0,), "muscle_settings_in": (0,)}
    assert list(port_differences(counts, {"o_i": 3, "s": None})) == []


def test_each_port_difference_is_described():
    counts = {"o_i": (2, 2), "old": (4, 1), "one": (1,)}
    assert list(port_differences(counts, {"o_i": 3, "new": None, "one": 2})) == [
        "port 'o_i' had 2 slots, and now has 3",
        "port 'new' is connected now, but was not when the snapshot was made",
        "port 'one' had 1 slot, and now has 2",
        "port 'old' had passed messages (5), but is now missing or not connected",
    ]


def test_warning_of_an_unchecked_snapshot_names_file_instance_and_reason():
    error = ForeignSnapshot("Refused.", location="/run/micro-0-_1.pack", reason="it is new")
    text = unchecked_snapshot(Reference("micro[0]"), error)
    assert text.startswith("Snapshot '/run/micro-0-_1.pack' of 'micro[0]' was written by a library")
    assert "cannot be checked: it is new." in text
