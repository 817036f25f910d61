"""What is different between a model and the snapshots from which it is to be resumed."""

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
def test_instances_of_the_model_are_known(name):
    assert unknown_instance(MODEL, Reference(name)) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("meso", "there is a snapshot of 'meso', and model 'm' has no 'meso'"),
        ("micro", "the multiplicity of 'micro' is [3] now"),
        ("micro[3]", "the multiplicity of 'micro' is [3] now"),
        ("macro[0]", "the multiplicity of 'macro' is none now"),
    ],
)
def test_other_instances_are_told_apart_from_those_of_another_shape(name, text):
    assert text in str(unknown_instance(MODEL, Reference(name)))


def test_a_vector_port_has_the_slots_that_the_multiplicities_give_it():
    macro, micro = (MODEL.components[Reference(name)] for name in ("macro", "micro"))
    assert connected_ports(macro, Topology(MODEL)) == {"o_i": 3, "s": 3}
    assert connected_ports(micro, Topology(MODEL)) == {"f_init": None, "o_f": None}


def test_ports_that_are_the_same_do_not_differ():
    counts = {"o_i": (2, 2, 2), "s": (2, 2, 1), "unused": (0,), "muscle_settings_in": (0,)}
    assert list(port_differences(counts, {"o_i": 3, "s": None})) == []


def test_each_difference_is_told():
    counts = {"o_i": (2, 2), "old": (4, 1), "one": (1,)}
    assert list(port_differences(counts, {"o_i": 3, "new": None, "one": 2})) == [
        "port 'o_i' had 2 slots, and has 3 now",
        "port 'new' is connected now, and was not there",
        "port 'one' had 1 slot, and has 2 now",
        "port 'old' had passed messages (5), and is not there or not connected now",
    ]


def test_warning_of_an_unchecked_snapshot_names_the_file_the_instance_and_the_reason():
    error = ForeignSnapshot("Refused.", location="/run/micro-0-_1.pack", reason="it is new")
    text = unchecked_snapshot(Reference("micro[0]"), error)
    assert text.startswith("Snapshot '/run/micro-0-_1.pack' of 'micro[0]' was written by another")
    assert "cannot be checked: it is new." in text
