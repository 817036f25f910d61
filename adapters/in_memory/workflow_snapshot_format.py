"""A workflow snapshot format based on JSON."""

from __future__ import annotations

import json
from typing import final
from zlib import crc32

from typing_extensions import override

from application.interfaces.workflow_snapshot_store import WorkflowSnapshotFormat
from domain.checkpointing.workflow_snapshot import WorkflowSnapshotRecord
from domain.errors import ConfigurationError
from domain.identity import Reference
from domain.model.configuration import ResumeOrigin


@final
class InMemoryWorkflowSnapshotFormat(WorkflowSnapshotFormat):
    """Encodes as JSON. Tests can write it by hand, without a checksum."""

    @override
    def dump(self, record: WorkflowSnapshotRecord) -> str:
        locations = {str(name): location for name, location in record.resume.items()}
        origin = [record.origin.model, sorted(record.origin.from_scratch)]
        values: list[object] = [locations, origin, record.taken, record.description]
        return json.dumps([*values, _checksum(values)])

    @override
    def load(self, text: str) -> WorkflowSnapshotRecord:
        try:
            *values, checksum = json.loads(text)
            if checksum not in (None, _checksum(values)):
                msg = "its checksum does not match"
                raise ValueError(msg)
            resume, (model, from_scratch), taken, description = values
            return WorkflowSnapshotRecord(
                {Reference(name): str(location) for name, location in resume.items()},
                ResumeOrigin(str(model), frozenset(map(str, from_scratch))),
                str(taken),
                str(description),
            )
        except (AttributeError, TypeError, ValueError) as error:
            msg = f"it is not a workflow snapshot ({error})"
            raise ConfigurationError(msg) from error


def _checksum(values: list[object]) -> int:
    return crc32(json.dumps(values).encode())
