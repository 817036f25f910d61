"""Registration of instances."""

import re
from dataclasses import replace

import pytest

from application.manager.snapshots.run_checkpoints import CheckpointOptions
from domain.coupling.ports import Operator, Port
from domain.errors import ManagerRefused
from domain.identity import Reference
from domain.model.checkpoint_rules import Checkpoints
from tests.support.in_memory_services import InMemoryServices
from tests.support.models import configuration
from tests.unit.application.manager.runs import desk_for, register

FILTERED = "macro o_i -> last micro f_init"


@pytest.mark.parametrize("version", ["0.10.0", "0.10.3", "0.11.0", "0.11.2", "0.11.0+conjoin"])
def test_supported_dialects_are_accepted(version: str):
    desk = desk_for()
    register(desk, "macro", version=version)
    assert desk.desk.is_dialect_0_10("macro") == version.startswith("0.10")


def test_own_instances_are_distinguished_from_muscle3_instances():
    desk = desk_for()
    register(desk, "macro", version="0.11.0+conjoin")
    register(desk, "micro", version="0.11.0")
    assert desk.registry.is_own("macro")
    assert not desk.registry.is_own("micro")


@pytest.mark.parametrize("version", ["0.9.0", "0.12.0", "1.0", "", "0", "0.11x", "?"])
def test_unsupported_version_is_rejected(version: str):
    with pytest.raises(ManagerRefused, match="does not support"):
        register(desk_for(), "macro", version=version)


@pytest.mark.parametrize(
    ("first", "second", "libraries", "outdated"),
    [
        ("0.11.0", "0.10.0", ("MUSCLE3 0.10.0", "MUSCLE3 0.11.0"), "micro"),
        ("0.10.0", "0.11.0+conjoin", ("Conjoin's library", "MUSCLE3 0.10.0"), "macro"),
    ],
)
def test_mixed_dialects_in_one_run_are_rejected(
    first: str, second: str, libraries: tuple[str, str], outdated: str
):
    desk = desk_for()
    register(desk, "macro", version=first)
    with pytest.raises(ManagerRefused) as refusal:
        register(desk, "micro", version=second)
    assert str(refusal.value) == (
        f"Instance 'micro' uses {libraries[0]}, but instance 'macro' uses {libraries[1]}, and these"
        f" two cannot exchange messages. Use MUSCLE3 0.11 or Conjoin for '{outdated}' too, or"
        " MUSCLE3 0.10 for all instances."
    )
    assert not desk.registry.is_registered(Reference("micro"))


def test_version_that_is_not_sent_is_called_old():
    with pytest.raises(ManagerRefused, match="uses an old version, which sends no number"):
        register(desk_for(), "macro", version="")


def test_older_dialect_is_rejected_with_conduit_filters():
    with pytest.raises(ManagerRefused, match="conduit filters"):
        register(desk_for(FILTERED), "macro", version="0.10.0")


CALLED = """
driver o_i -> macro f_init
macro o_i -> micro f_init
micro o_f -> last reviewer f_init
"""
TIMELINES = {
    "driver": "driver",
    "macro": "driver:macro",
    "micro": "driver:macro:micro",
    "reviewer": "driver:reviewer",
}
AT_END = {"checkpoints": Checkpoints(at_end=True)}
RESUMED = {"resume": {Reference("driver"): "driver_1.pack"}}


@pytest.mark.parametrize(
    ("changes", "options"),
    [(AT_END, {}), (RESUMED, {}), ({}, {"save_time": 60.0})],
    ids=["rules", "resumed", "on_request"],
)
@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("micro", "sends through"),
        ("reviewer", "receives through"),
        ("macro", "calls the sender of"),
    ],
)
def test_muscle3_instance_on_a_reducing_filter_is_rejected_with_checkpoints(
    name: str, part: str, changes: dict, options: dict
):
    run = replace(configuration(CALLED, timelines=TIMELINES), **changes)
    desk = InMemoryServices(run, CheckpointOptions(**options))
    refusal = (
        f"'{name}' uses MUSCLE3's library and {part} conduit 'micro.o_f -> last reviewer.f_init',"
    )
    with pytest.raises(ManagerRefused, match=re.escape(refusal)):
        register(desk, name, version="0.11.0")
    register(desk, "driver", version="0.11.0")
    register(desk, name, version="0.11.0+conjoin")


def test_muscle3_instance_that_would_resume_from_a_url_is_rejected():
    run = replace(configuration("macro\nmicro"), resume={Reference("macro"): "s3://bucket/a.pack"})
    desk = InMemoryServices(run)
    with pytest.raises(ManagerRefused, match="MUSCLE3's library, which cannot resume from s3://"):
        register(desk, "macro", version="0.11.0")
    register(desk, "micro", version="0.11.0")
    register(desk, "macro", version="0.11.0+conjoin")


def test_muscle3_instances_may_use_filters_without_checkpoints():
    register(desk_for(FILTERED), "macro", "micro", version="0.11.0")


@pytest.mark.parametrize(
    "name", ["unknown", "macro[0]", "micro[3]", "micro", "a b", "", "macro.o_i"]
)
def test_instance_that_is_not_in_the_model_is_rejected(name: str):
    with pytest.raises(ManagerRefused, match=r"It has: macro, micro\[0..2\]"):
        register(desk_for(sizes={"micro": (3,)}), name)


def test_duplicate_name_is_rejected_until_it_deregisters():
    desk = desk_for()
    register(desk, "macro")
    with pytest.raises(
        ManagerRefused,
        match=r"was already registered\. Did you start a non-MPI .* create a second Instance\?",
    ):
        register(desk, "macro")
    desk.desk.deregister_instance("macro")
    register(desk, "macro")
    desk.desk.deregister_instance("macro")
    with pytest.raises(ManagerRefused, match="not registered"):
        desk.desk.deregister_instance("macro")


def test_port_with_a_different_operator_is_rejected():
    with pytest.raises(ManagerRefused, match=r"'o_i' of 'macro' has operator O_F .* but O_I"):
        register(desk_for(), "macro", ports=(Port("o_i", Operator.O_F), Port("s", Operator.S)))


def test_missing_connected_port_is_rejected():
    with pytest.raises(ManagerRefused, match=r"connected to port 's' of 'macro'.*It has: o_i"):
        register(desk_for(), "macro", ports=(Port("o_i", Operator.O_I),))
