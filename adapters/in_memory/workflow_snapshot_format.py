"""Files from which a simulation can be resumed, in the plainest form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import final
from zlib import crc32

from typing_extensions import override

from application.interfaces.snapshot_store import WorkflowSnapshotFormat
from domain.errors import ConfigurationError
from domain.identity import Reference


@final
class InMemoryWorkflowSnapshotFormat(WorkflowSnapshotFormat):
    """JSON, which the tests that look at such a text can write by hand, without the checksum."""

    @override
    def dump(self, description: str, resume: Mapping[Reference, str]) -> str:
        places = {str(name): place for name, place in resume.items()}
        return json.dumps([description, places, _checksum(description, places)])

    @override
    def load(self, text: str) -> tuple[str, Mapping[Reference, str]]:
        try:
            description, resume, *checksum = json.loads(text)
            if checksum not in ([], [_checksum(description, resume)]):
                msg = "its checksum is another"
                raise ValueError(msg)
            return str(description), {Reference(name): str(place) for name, place in resume.items()}
        except (AttributeError, TypeError, ValueError) as error:
            msg = f"it is no workflow snapshot ({error})"
            raise ConfigurationError(msg) from error


def _checksum(*values: object) -> int:
    return crc32(json.dumps(values).encode())
