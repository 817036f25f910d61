"""Whether a simulation can be resumed from snapshots, before anything is started."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from application.interfaces.snapshot_repository import SnapshotRepository
from domain.checkpointing.instance_snapshot import Snapshot, described_from_scratch, described_model
from domain.checkpointing.model_differences import (
    connected_ports,
    port_differences,
    unchecked_snapshot,
    unknown_instance,
)
from domain.checkpointing.workflow_snapshot_search import WorkflowSnapshotSearch
from domain.errors import ForeignSnapshot, InconsistentSnapshot
from domain.identity import Reference
from domain.model.configuration import Model
from domain.model.topology import Topology


class WorkflowResumeCheck:
    """Compares snapshots with the model that is to be resumed from them.

    Args:
        model: The model.
        archive: Reads snapshots.
    """

    def __init__(self, model: Model, *, archive: SnapshotRepository) -> None:
        self._model = model
        self._archive = archive
        self._topology = Topology(model)

    def check(self, resume: Mapping[Reference, str], *, description: str = "") -> Sequence[str]:
        """Check that a simulation can be resumed.

        A snapshot of another library that cannot be decoded is left out of all comparisons: only
        the instance that resumes from it must be able to read it.

        Args:
            resume: Location of the snapshot of each instance.
            description: What the workflow snapshot that names them says of itself; empty if that
                is not known.

        Returns:
            A warning for each snapshot that could not be checked.

        Raises:
            InconsistentSnapshot: If it cannot; the text says what is different.
        """
        made_for = described_model(description)
        if made_for not in ("", str(self._model.name)):
            msg = (
                f"The snapshots are of model '{made_for}', and not of '{self._model.name}', which"
                " is to be run. Resume from a workflow snapshot of this model."
            )
            raise InconsistentSnapshot(msg)
        problems = [
            text
            for text in (unknown_instance(self._model, instance) for instance in resume)
            if text is not None
        ]
        snapshots, foreign = ({}, {}) if problems else self._loaded(resume)
        problems += self._differences(snapshots, resume)
        problems += self._without_snapshot(resume, described_from_scratch(description))
        if not problems and not self._belong_together(snapshots, foreign):
            problems.append(
                "the snapshots do not belong together: what some of the instances had sent is not"
                " what the others had received. Take all of them from one workflow snapshot"
            )
        if problems:
            raise InconsistentSnapshot(_refusal(problems))
        return [unchecked_snapshot(instance, error) for instance, error in foreign.items()]

    def _loaded(
        self, resume: Mapping[Reference, str]
    ) -> tuple[dict[Reference, Snapshot], dict[Reference, ForeignSnapshot]]:
        """Return the snapshots, and why those of other libraries could not be decoded."""
        snapshots: dict[Reference, Snapshot] = {}
        foreign: dict[Reference, ForeignSnapshot] = {}
        for instance, location in resume.items():
            try:
                snapshots[instance] = self._archive.load(location)
            except ForeignSnapshot as error:
                foreign[instance] = error
        return snapshots, foreign

    def _differences(
        self, snapshots: Mapping[Reference, Snapshot], resume: Mapping[Reference, str]
    ) -> Iterator[str]:
        for instance, snapshot in snapshots.items():
            component = self._model.component_of(instance)
            assert component is not None
            what = f"'{instance}', resumed from '{resume[instance]}'"
            if snapshot.instance not in ("", str(instance)):
                yield f"{what}: that is a snapshot of '{snapshot.instance}'"
                continue
            connected = connected_ports(component, self._topology)
            for text in port_differences(snapshot.communicator.port_message_counts, connected):
                yield f"{what}: {text}"

    def _without_snapshot(
        self, resume: Mapping[Reference, str], from_scratch: Collection[str]
    ) -> Iterator[str]:
        """Yield in words which instances of sets have none, and nobody says that it is so.

        What a set of instances and its peers count does not tell that both have grown.
        """
        sets = {name.without_trailing_ints() for name in resume}
        for instance in self._model.instances():
            is_of_one = instance.without_trailing_ints() in sets
            if is_of_one and instance not in resume and str(instance) not in from_scratch:
                yield (
                    f"there is no snapshot of '{instance}', though there is one of another instance"
                    f" of '{instance.without_trailing_ints()}', and the workflow snapshot does not"
                    " say that it is to start from scratch (was the multiplicity smaller then?)"
                )

    def _belong_together(
        self, snapshots: Mapping[Reference, Snapshot], unchecked: Collection[Reference]
    ) -> bool:
        if unchecked and not snapshots:
            return True  # there is nothing to compare
        search = WorkflowSnapshotSearch(self._topology, unchecked=unchecked)
        newest = None
        for instance, snapshot in snapshots.items():
            newest = search.add(instance, 1, snapshot.metadata("")) or newest
        return newest is not None and len(newest.states) == len(snapshots)


def _refusal(problems: Sequence[str]) -> str:
    lines = [f"- {text}." for text in problems]
    return "\n".join(
        [
            "The snapshots do not fit what is to be run:",
            *lines,
            "Run the model as it was when they were made, or start from scratch without resuming.",
        ]
    )
