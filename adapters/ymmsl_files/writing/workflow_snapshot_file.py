"""Workflow snapshot files: yMMSL files that list the snapshots to resume from."""

from __future__ import annotations

from typing import final

import yaml
from typing_extensions import override

from adapters.ymmsl_files.checksum import check_unaltered, with_checksum
from adapters.ymmsl_files.snapshot_header import SnapshotHeader, dump_header, load_header
from adapters.ymmsl_files.yaml_limits import LOADER, check_size
from application.interfaces.workflow_snapshot_store import WorkflowSnapshotFormat
from domain.checkpointing.workflow_snapshot import (
    WorkflowSnapshotRecord,
    described_origin,
    described_time,
)
from domain.errors import ConfigurationError
from domain.identity import Reference


@final
class YmmslWorkflowSnapshotFormat(WorkflowSnapshotFormat):
    """A yMMSL file with a checksum and a header in comments, a description, and `resume`.

    MUSCLE3 can resume from these files. Conjoin can also resume from MUSCLE3's files and from files
    of its earlier versions, which have no header; it then uses the description instead.
    """

    @override
    def dump(self, record: WorkflowSnapshotRecord) -> str:
        document = {
            "ymmsl_version": "v0.2",
            "description": record.description,
            "resume": {str(instance): location for instance, location in record.resume.items()},
        }
        text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
        return with_checksum(dump_header(SnapshotHeader(record.origin, record.taken)) + text)

    @override
    def load(self, text: str) -> WorkflowSnapshotRecord:
        check_unaltered(text)
        try:
            check_size(text, "the list of snapshots")
            document = yaml.load(text, Loader=LOADER) or {}  # a safe one
            resume = {
                Reference(instance): _location(value)
                for instance, value in document["resume"].items()
            }
            description = str(document.get("description", ""))
        except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
            msg = f"it has no valid list of snapshots to resume from ({error})"
            raise ConfigurationError(msg) from error
        header = load_header(text)
        return WorkflowSnapshotRecord(
            resume=resume,
            origin=header.origin or described_origin(description),
            taken=header.taken or described_time(description),
            description=description,
        )


def _location(value: object) -> str:
    if not isinstance(value, str):
        msg = f"{value!r} is not the location of a snapshot"
        raise TypeError(msg)
    return value


# The C implementation is ten times as fast, but not every PyYAML has it.
_BASE_DUMPER: type[yaml.SafeDumper] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_BASE_DUMPER):  # type: ignore[misc, valid-type]
    """Writes strings with several lines as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Quote `1e5`, which ymmsl would read as a number; PyYAML would not quote it
    style = "|" if "\n" in text else "'" if not text[:1].isalpha() else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
