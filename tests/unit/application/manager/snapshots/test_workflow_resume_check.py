"""Whether snapshots fit a model."""

import pytest

from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.snapshot_files.snapshot_repository import MsgPackSnapshotRepository
from application.manager.snapshots.workflow_resume_check import WorkflowResumeCheck
from domain.checkpointing.instance_snapshot import (
    CommunicatorState,
    Snapshot,
    WorkflowSnapshot,
    describe,
)
from domain.coupling.messages import Message
from domain.coupling.settings import Settings
from domain.errors import InconsistentSnapshot
from domain.identity import Reference
from tests.support.models import configuration

MACRO, MICRO = Reference("macro"), Reference("micro")
MODEL = configuration("macro o_i -> micro f_init\nmicro o_f -> macro s").model
FITS = {"o_i": (2,), "s": (2,)}, {"f_init": (2,), "o_f": (2,)}


@pytest.fixture
def store():
    return InMemorySnapshotStore()


@pytest.fixture
def archive(store):
    return MsgPackSnapshotRepository(lambda _: store)


def described(model, *from_scratch):
    return describe(WorkflowSnapshot(model, (), from_scratch), taken="today")


def check(archive, macro=FITS[0], micro=FITS[1], *, whose="macro", **options):
    resume = {
        name: stored(archive, name, counts, owner)
        for name, counts, owner in ((MACRO, macro, whose), (MICRO, micro, "micro"))
    }
    return WorkflowResumeCheck(MODEL, archive=archive).check(resume, **options)


@pytest.mark.parametrize("whose", ["macro", ""])
@pytest.mark.parametrize("description", [described("m"), ""])
def test_snapshots_that_fit_are_fine(archive, whose, description):
    check(archive, whose=whose, description=description)


def stored(archive, name, counts, owner):
    state = CommunicatorState(counts)
    snapshot = Snapshot((), 0.0, True, Message(1.0), Settings(), state, instance=owner)
    return archive.store(None, name, 1, snapshot)


def test_nothing_to_resume_from_does_not_belong_together(archive):
    with pytest.raises(InconsistentSnapshot):
        WorkflowResumeCheck(MODEL, archive=archive).check({})


def test_those_of_another_model_are_refused_by_its_name(archive):
    with pytest.raises(InconsistentSnapshot, match="of model 'other', and not of 'm'"):
        check(archive, description=described("other"))


def test_those_of_another_instance_are_refused_by_its_name(archive):
    with pytest.raises(InconsistentSnapshot, match=r"'macro', resumed from .*a snapshot of 'x'"):
        check(archive, whose="x")


def test_an_instance_that_is_not_in_the_model_is_named_without_looking_further(archive):
    with pytest.raises(InconsistentSnapshot, match="stranger"):
        WorkflowResumeCheck(MODEL, archive=archive).check({Reference("stranger"): "absent"})


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
        WorkflowResumeCheck(MODEL, archive=archive).check({MACRO: "absent"})


def foreign(store, location):
    """Replace a snapshot by one that only its own library can decode."""
    store.snapshots[location] = b"9\x80"
    return location


def test_foreign_snapshot_that_cannot_be_decoded_is_a_warning(store, archive):
    resume = {
        MACRO: stored(archive, MACRO, FITS[0], "macro"),
        MICRO: foreign(store, stored(archive, MICRO, FITS[1], "micro")),
    }
    (warning,) = WorkflowResumeCheck(MODEL, archive=archive).check(resume)
    assert resume[MICRO] in warning
    assert "'micro'" in warning
    assert "it has version 9" in warning


def test_foreign_snapshots_alone_are_all_warned_of(store, archive):
    resume = {name: foreign(store, stored(archive, name, {}, str(name))) for name in (MACRO, MICRO)}
    warnings = WorkflowResumeCheck(MODEL, archive=archive).check(resume)
    assert [name in text for name, text in zip(resume.values(), warnings, strict=True)] == [
        True,
        True,
    ]


def test_snapshots_that_fit_cause_no_warning(archive):
    assert check(archive) == []


def test_readable_snapshot_beside_a_foreign_one_is_still_checked(store, archive):
    resume = {
        MACRO: stored(archive, MACRO, {"o_i": (2,)}, "macro"),
        MICRO: foreign(store, stored(archive, MICRO, FITS[1], "micro")),
    }
    with pytest.raises(InconsistentSnapshot, match="port 's' is connected now"):
        WorkflowResumeCheck(MODEL, archive=archive).check(resume)


def test_damaged_snapshot_of_our_own_is_refused(store, archive):
    resume = {MACRO: stored(archive, MACRO, FITS[0], "macro")}
    store.snapshots[resume[MACRO]] = store.snapshots[resume[MACRO]][:-1]
    with pytest.raises(InconsistentSnapshot, match="incomplete or damaged"):
        WorkflowResumeCheck(MODEL, archive=archive).check(resume)


def check_pairs(archive, snapshots, description):
    """Resume two pairs of instances, of which some have snapshots."""
    pairs = configuration(
        "macro o_i -> micro f_init\nmicro o_f -> macro s", sizes={"macro": (2,), "micro": (2,)}
    )
    counts = {"macro": FITS[0], "micro": FITS[1]}
    resume = {
        Reference(name): stored(archive, Reference(name), counts[name[:5]], name)
        for name in snapshots
    }
    WorkflowResumeCheck(pairs.model, archive=archive).check(resume, description=description)


def test_a_set_that_has_grown_together_with_its_peers_is_refused(archive):
    with pytest.raises(InconsistentSnapshot, match=r"of 'macro\[1\]'.*multiplicity smaller"):
        check_pairs(archive, ["macro[0]", "micro[0]"], described("m"))


def test_an_instance_of_a_set_may_start_from_scratch_where_the_workflow_snapshot_says_so(archive):
    late = Reference("macro[1]"), Reference("micro[1]")
    check_pairs(archive, ["macro[0]", "micro[0]"], described("m", *late))
