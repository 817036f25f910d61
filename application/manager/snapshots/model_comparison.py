"""Compares snapshots with the model that is to be resumed from them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from application.interfaces.snapshot_repository import SnapshotRepository
from domain.checkpointing.instance_snapshot import Snapshot
from domain.checkpointing.model_differences import (
    connected_ports,
    port_differences,
    unchecked_snapshot,
    unknown_instance,
)
from domain.checkpointing.workflow_snapshot_search import WorkflowSnapshotSearch
from domain.errors import ForeignSnapshot, InconsistentSnapshot
from domain.identity import Reference
from domain.model.configuration import Model, ResumeOrigin
from domain.model.topology import Topology


class ModelComparison:
    """Checks that the snapshots of a simulation fit its model and each other.

    Args:
        model: The model.
        repository: Loads snapshots.
    """

    def __init__(self, model: Model, *, repository: SnapshotRepository) -> None:
        self._model = model
        self._repository = repository
        self._topology = Topology(model)

    def check(self, resume: Mapping[Reference, str], *, origin: ResumeOrigin) -> Sequence[str]:
        """Check that the model can be resumed from some snapshots.

        All comparisons skip snapshots of other libraries that cannot be decoded: only the instance
        that is resumed from such a snapshot must be able to read it.

        Args:
            resume: Location of the snapshot of each instance.
            origin: The workflow snapshot that names them, as far as it is known.

        Returns:
            A warning for each snapshot that could not be checked.

        Raises:
            InconsistentSnapshot: If it cannot be resumed; the message lists all differences.
        """
        self._check_model_name(origin.model)
        problems = [
            text
            for text in (unknown_instance(self._model, instance) for instance in resume)
            if text is not None
        ]
        snapshots, foreign = ({}, {}) if problems else self._loaded(resume)
        problems += self._differences(snapshots, resume)
        problems += self._without_snapshot(resume, origin.from_scratch)
        if not problems and not self._fit_together(snapshots, foreign):
            problems.append(
                "the snapshots do not fit together: some instances had received other messages than"
                " their peers had sent. Take all of them from one workflow snapshot"
            )
        if problems:
            raise InconsistentSnapshot(_error_message(problems))
        return [unchecked_snapshot(instance, error) for instance, error in foreign.items()]

    def _check_model_name(self, name: str) -> None:
        if name not in ("", str(self._model.name)):
            msg = (
                f"The snapshots are of model '{name}', but the model to run is"
                f" '{self._model.name}'. Resume from a workflow snapshot of this model."
            )
            raise InconsistentSnapshot(msg)

    def _loaded(
        self, resume: Mapping[Reference, str]
    ) -> tuple[dict[Reference, Snapshot], dict[Reference, ForeignSnapshot]]:
        """Return the snapshots, and the error for each one that could not be decoded."""
        snapshots: dict[Reference, Snapshot] = {}
        foreign: dict[Reference, ForeignSnapshot] = {}
        for instance, location in resume.items():
            try:
                snapshots[instance] = self._repository.load(location)
            except ForeignSnapshot as error:
                foreign[instance] = error
        return snapshots, foreign

    def _differences(
        self, snapshots: Mapping[Reference, Snapshot], resume: Mapping[Reference, str]
    ) -> Iterator[str]:
        for instance, snapshot in snapshots.items():
            component = self._model.component_of(instance)
            assert component is not None
            subject = f"'{instance}', resumed from '{resume[instance]}'"
            if snapshot.instance not in ("", str(instance)):
                yield f"{subject}: this is a snapshot of '{snapshot.instance}'"
                continue
            connected = connected_ports(component, self._topology)
            for text in port_differences(snapshot.communicator.port_message_counts, connected):
                yield f"{subject}: {text}"

    def _without_snapshot(
        self, resume: Mapping[Reference, str], from_scratch: Collection[str]
    ) -> Iterator[str]:
        """Yield a problem for each instance of a set that unexpectedly lacks a snapshot.

        Message counts cannot reveal that an instance set has grown together with its peers.
        """
        sets = {name.without_trailing_ints() for name in resume}
        for instance in self._model.instances():
            is_of_one = instance.without_trailing_ints() in sets
            if is_of_one and instance not in resume and str(instance) not in from_scratch:
                yield (
                    f"'{instance}' has no snapshot, although another instance of"
                    f" '{instance.without_trailing_ints()}' has one, and the workflow snapshot does"
                    " not list it as starting from scratch (was the multiplicity smaller before?)"
                )

    def _fit_together(
        self, snapshots: Mapping[Reference, Snapshot], unchecked: Collection[Reference]
    ) -> bool:
        if unchecked and not snapshots:
            return True  # nothing to compare
        search = WorkflowSnapshotSearch(self._topology, unchecked=unchecked)
        newest = None
        for instance, snapshot in snapshots.items():
            newest = search.add(instance, 1, snapshot.metadata("")) or newest
        return newest is not None and len(newest.snapshots) == len(snapshots)


def _error_message(problems: Sequence[str]) -> str:
    lines = [f"- {text}." for text in problems]
    return "\n".join(
        [
            "The snapshots do not fit the model to be run:",
            *lines,
            "Run the model as it was when they were made, or start from scratch without resuming.",
        ]
    )
