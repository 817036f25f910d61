"""Files that say from which snapshots to resume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import yaml
from typing_extensions import override

from adapters.ymmsl_files.checksum import check_unaltered, with_checksum
from application.interfaces.snapshot_store import WorkflowSnapshotFormat
from domain.errors import ConfigurationError
from domain.identity import Reference


@final
class YmmslWorkflowSnapshotFormat(WorkflowSnapshotFormat):
    """A yMMSL file with nothing but a checksum, a description and a resume section.

    It is given to the manager together with the files of the model.
    """

    @override
    def dump(self, description: str, resume: Mapping[Reference, str]) -> str:
        document = {
            "ymmsl_version": "v0.2",
            "description": description,
            "resume": {str(instance): location for instance, location in resume.items()},
        }
        text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
        return with_checksum(text)

    @override
    def load(self, text: str) -> tuple[str, Mapping[Reference, str]]:
        check_unaltered(text)
        try:
            document = yaml.load(text, Loader=_LOADER) or {}  # a safe one
            resume = document["resume"]
            return str(document.get("description", "")), {
                Reference(instance): _location(value) for instance, value in resume.items()
            }
        except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
            msg = f"there is no list of snapshots to resume from in it ({error})"
            raise ConfigurationError(msg) from error


def _location(value: object) -> str:
    if not isinstance(value, str):
        msg = f"{value!r} is no location of a snapshot"
        raise TypeError(msg)
    return value


# Those in C are ten times as fast; not every PyYAML has them.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BASE_DUMPER: type[yaml.SafeDumper] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_BASE_DUMPER):  # type: ignore[misc, valid-type]
    """Writes texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # ymmsl takes `1e5` for a number, which PyYAML does not know when it writes.
    style = "|" if "\n" in text else "'" if not text[:1].isalpha() else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
