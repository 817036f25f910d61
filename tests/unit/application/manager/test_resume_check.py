"""Whether snapshots fit a model."""

import pytest

from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.wire.snapshot_archive import MsgPackSnapshotArchive
from application.manager.resume_check import ResumeCheck
from domain.errors import InconsistentSnapshot
from domain.identity import Reference
from domain.messages import Message
from domain.settings import Settings
from domain.snapshots import CommunicatorState, Snapshot
from tests.unit.domain.models import configuration

MACRO, MICRO = Reference("macro"), Reference("micro")
MODEL = configuration("macro o_i -> micro f_init\nmicro o_f -> macro s").model
FITS = {"o_i": (2,), "s": (2,)}, {"f_init": (2,), "o_f": (2,)}


@pytest.fixture
def archive():
    store = InMemorySnapshotStore()
    return MsgPackSnapshotArchive(lambda _: store)


def check(archive, macro=FITS[0], micro=FITS[1], *, whose="macro", **options):
    resume = {
        name: archive.store(
            None,
            name,
            1,
            Snapshot(
                (), 0.0, True, Message(1.0), Settings(), CommunicatorState(counts), instance=owner
            ),
        )
        for name, counts, owner in ((MACRO, macro, whose), (MICRO, micro, "micro"))
    }
    ResumeCheck(MODEL, archive=archive).check(resume, **options)


@pytest.mark.parametrize("whose", ["macro", ""])
@pytest.mark.parametrize("made_for", ["m", ""])
def test_snapshots_that_fit_are_fine(archive, whose, made_for):
    check(archive, whose=whose, made_for=made_for)


def test_nothing_to_resume_from_does_not_belong_together(archive):
    with pytest.raises(InconsistentSnapshot):
        ResumeCheck(MODEL, archive=archive).check({})


def test_those_of_another_model_are_refused_by_its_name(archive):
    with pytest.raises(InconsistentSnapshot, match="of model 'other', and not of 'm'"):
        check(archive, made_for="other")


def test_those_of_another_instance_are_refused_by_its_name(archive):
    with pytest.raises(InconsistentSnapshot, match=r"'macro', resumed from .*a snapshot of 'x'"):
        check(archive, whose="x")


def test_an_instance_that_is_not_in_the_model_is_named_without_looking_further(archive):
    with pytest.raises(InconsistentSnapshot, match="stranger"):
        ResumeCheck(MODEL, archive=archive).check({Reference("stranger"): "absent"})


def test_all_differences_are_told_at_once(archive):
    with pytest.raises(InconsistentSnapshot) as caught:
        check(archive, {"o_i": (2,)}, {"o_f": (2,)})
    lines = str(caught.value).splitlines()
    assert lines[0] == "The snapshots do not fit what is to be run:"
    assert lines[1].startswith("- 'macro'")
    assert any(line.startswith("- 'micro'") for line in lines)
    assert lines[-1].startswith("Run the model as it was")


def test_snapshots_of_different_moments_do_not_belong_together(archive):
    with pytest.raises(InconsistentSnapshot, match="do not belong together"):
        check(archive, {"o_i": (5,), "s": (5,)})


def test_one_that_cannot_be_read_is_refused_by_its_location(archive):
    with pytest.raises(InconsistentSnapshot, match="absent"):
        ResumeCheck(MODEL, archive=archive).check({MACRO: "absent"})
