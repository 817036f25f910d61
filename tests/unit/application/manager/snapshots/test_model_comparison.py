"""Checks of whether snapshots fit a model and each other."""

import pytest

from adapters.in_memory.snapshot_store import InMemorySnapshotStore
from adapters.snapshot_files.snapshot_repository import MsgPackSnapshotRepository
from application.manager.snapshots.model_comparison import ModelComparison
from domain.checkpointing.instance_snapshot import CommunicatorState, Snapshot
from domain.coupling.messages import Message
from domain.coupling.settings import Settings
from domain.errors import InconsistentSnapshot
from domain.identity import Reference
from domain.model.configuration import ResumeOrigin
from tests.support.models import configuration

MACRO, MICRO = Reference("macro"), Reference("micro")
MODEL = configuration("macro o_i -> micro f_init\nmicro o_f -> macro s").model
UNKNOWN = ResumeOrigin()
FITS = {"o_i": (2,), "s": (2,)}, {"f_init": (2,), "o_f": (2,)}


@pytest.fixture
def store():
    return InMemorySnapshotStore()


@pytest.fixture
def repository(store):
    return MsgPackSnapshotRepository(lambda _: store)


def origin_of(model, *from_scratch):
    return ResumeOrigin(model, frozenset(from_scratch))


def check(repository, macro=FITS[0], micro=FITS[1], *, whose="macro", origin=UNKNOWN):
    resume = {
        name: stored(repository, name, counts, owner)
        for name, counts, owner in ((MACRO, macro, whose), (MICRO, micro, "micro"))
    }
    return ModelComparison(MODEL, repository=repository).check(resume, origin=origin)


@pytest.mark.parametrize("whose", ["macro", ""])
@pytest.mark.parametrize("origin", [origin_of("m"), UNKNOWN])
def test_fitting_snapshots_are_accepted(repository, whose, origin):
    check(repository, whose=whose, origin=origin)


def stored(repository, name, counts, owner):
    state = CommunicatorState(counts)
    snapshot = Snapshot((), 0.0, True, Message(1.0), Settings(), state, instance=owner)
    return repository.add(None, name, 1, snapshot)


def test_empty_resume_is_rejected(repository):
    with pytest.raises(InconsistentSnapshot):
        ModelComparison(MODEL, repository=repository).check({}, origin=UNKNOWN)


def test_snapshots_of_another_model_are_rejected(repository):
    with pytest.raises(InconsistentSnapshot, match="of model 'other', but the model to run is 'm'"):
        check(repository, origin=origin_of("other"))


def test_snapshot_of_another_instance_is_rejected(repository):
    with pytest.raises(
        InconsistentSnapshot, match=r"'macro', resumed from .*this is a snapshot of 'x'"
    ):
        check(repository, whose="x")


def test_unknown_instance_is_rejected_before_loading(repository):
    with pytest.raises(InconsistentSnapshot, match="stranger"):
        ModelComparison(MODEL, repository=repository).check(
            {Reference("stranger"): "absent"}, origin=UNKNOWN
        )


def test_all_differences_are_listed(repository):
    with pytest.raises(InconsistentSnapshot) as caught:
        check(repository, {"o_i": (2,)}, {"o_f": (2,)})
    lines = str(caught.value).splitlines()
    assert lines[0] == "The snapshots do not fit the model to be run:"
    assert lines[1].startswith("- 'macro'")
    assert any(line.startswith("- 'micro'") for line in lines)
    assert lines[-1].startswith("Run the model as it was")


def test_inconsistent_snapshots_are_rejected(repository):
    with pytest.raises(InconsistentSnapshot, match="do not fit together"):
        check(repository, {"o_i": (5,), "s": (5,)})


def test_missing_snapshot_is_rejected_with_its_location(repository):
    with pytest.raises(InconsistentSnapshot, match="absent"):
        ModelComparison(MODEL, repository=repository).check({MACRO: "absent"}, origin=UNKNOWN)


def foreign(store, location):
    """Replace a snapshot with one that only its own library can decode."""
    store.snapshots[location] = b"9\x80"
    return location


def test_foreign_snapshot_that_cannot_be_decoded_is_a_warning(store, repository):
    resume = {
        MACRO: stored(repository, MACRO, FITS[0], "macro"),
        MICRO: foreign(store, stored(repository, MICRO, FITS[1], "micro")),
    }
    (warning,) = ModelComparison(MODEL, repository=repository).check(resume, origin=UNKNOWN)
    assert resume[MICRO] in warning
    assert "'micro'" in warning
    assert "it has version 9" in warning


def test_foreign_snapshots_cause_only_a_warning_each(store, repository):
    resume = {
        name: foreign(store, stored(repository, name, {}, str(name))) for name in (MACRO, MICRO)
    }
    warnings = ModelComparison(MODEL, repository=repository).check(resume, origin=UNKNOWN)
    assert [name in text for name, text in zip(resume.values(), warnings, strict=True)] == [
        True,
        True,
    ]


def test_fitting_snapshots_cause_no_warning(repository):
    assert check(repository) == []


def test_readable_snapshot_beside_a_foreign_one_is_still_checked(store, repository):
    resume = {
        MACRO: stored(repository, MACRO, {"o_i": (2,)}, "macro"),
        MICRO: foreign(store, stored(repository, MICRO, FITS[1], "micro")),
    }
    with pytest.raises(InconsistentSnapshot, match="port 's' is connected now"):
        ModelComparison(MODEL, repository=repository).check(resume, origin=UNKNOWN)


def test_damaged_snapshot_of_our_own_is_rejected(store, repository):
    resume = {MACRO: stored(repository, MACRO, FITS[0], "macro")}
    store.snapshots[resume[MACRO]] = store.snapshots[resume[MACRO]][:-1]
    with pytest.raises(InconsistentSnapshot, match="incomplete or damaged"):
        ModelComparison(MODEL, repository=repository).check(resume, origin=UNKNOWN)


def check_pairs(repository, snapshots, origin):
    """Resume two pairs of instances, some of which have snapshots."""
    pairs = configuration(
        "macro o_i -> micro f_init\nmicro o_f -> macro s", sizes={"macro": (2,), "micro": (2,)}
    )
    counts = {"macro": FITS[0], "micro": FITS[1]}
    resume = {
        Reference(name): stored(repository, Reference(name), counts[name[:5]], name)
        for name in snapshots
    }
    ModelComparison(pairs.model, repository=repository).check(resume, origin=origin)


def test_instance_set_that_has_grown_with_its_peers_is_rejected(repository):
    with pytest.raises(
        InconsistentSnapshot, match=r"'macro\[1\]' has no snapshot.*multiplicity smaller"
    ):
        check_pairs(repository, ["macro[0]", "micro[0]"], origin_of("m"))


def test_instance_listed_as_from_scratch_needs_no_snapshot(repository):
    late = "macro[1]", "micro[1]"
    check_pairs(repository, ["macro[0]", "micro[0]"], origin_of("m", *late))
