"""Checks whether a model can be run on nodes that do not share the manager's files."""

from __future__ import annotations

from application.manager.snapshots.run_checkpoints import CheckpointOptions
from domain.checkpointing.instance_snapshot import is_url
from domain.errors import ConfigurationError
from domain.model.configuration import Configuration

CURE = (
    "Use a store that all nodes reach, such as --snapshot-store s3://bucket/prefix, or hosts that"
    " share the run directory."
)


def check_snapshots_are_reachable(
    configuration: Configuration, options: CheckpointOptions, *, snapshot_store: str
) -> None:
    """Check that instances on nodes without the manager's files can save and resume.

    Args:
        configuration: The flat configuration.
        options: The user's checkpoint options.
        snapshot_store: Path or URL of the store for the snapshots; empty for the run directory.

    Raises:
        ConfigurationError: If snapshots would be written to, or read from, files of this machine.
    """
    saves = bool(configuration.checkpoints) or options.save_time is not None
    if saves and not _is_reachable(snapshot_store):
        where = f"in {snapshot_store}" if snapshot_store else "in the run directory"
        msg = (
            "The nodes do not share the manager's files, so the instances cannot save their"
            f" snapshots {where}. {CURE}"
        )
        raise ConfigurationError(msg)
    for instance, location in configuration.resume.items():
        if not _is_reachable(location):
            msg = (
                "The nodes do not share the manager's files, so the instance"
                f" '{instance}' cannot resume from {location}. {CURE}"
            )
            raise ConfigurationError(msg)


def _is_reachable(location: str) -> bool:
    """Whether other machines reach a location."""
    return is_url(location) and not location.startswith(("file:", "local:"))
