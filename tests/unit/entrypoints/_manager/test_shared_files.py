"""Tests of the check of snapshots on nodes that do not share the manager's files."""

from dataclasses import replace

import pytest

from application.manager.snapshots.run_checkpoints import CheckpointOptions
from domain.errors import ConfigurationError
from domain.identity import Reference
from domain.model.checkpoint_rules import Checkpoints
from entrypoints._manager.shared_files import check_snapshots_are_reachable
from tests.support.models import configuration

PLAIN = configuration("a")
SAVING = replace(PLAIN, checkpoints=Checkpoints(at_end=True))


def check(made, *, store="", **options):
    check_snapshots_are_reachable(made, CheckpointOptions(**options), snapshot_store=store)


def test_run_without_snapshots_is_accepted():
    check(PLAIN)


@pytest.mark.parametrize("store", ["", "/shared/store", "file:///store"])
def test_snapshots_in_files_of_the_manager_are_rejected_with_the_cure(store):
    with pytest.raises(ConfigurationError, match=r"cannot save.*--snapshot-store s3://"):
        check(SAVING, store=store)


def test_saving_when_the_run_is_stopped_is_rejected():
    with pytest.raises(ConfigurationError, match="cannot save"):
        check(PLAIN, save_time=10.0)


def test_snapshots_in_a_store_with_a_url_are_accepted():
    check(SAVING, store="s3://bucket/prefix")


def test_resume_from_files_of_the_manager_is_rejected_with_the_instance():
    made = replace(PLAIN, resume={Reference("a"): "/run/a_1.pack"})
    with pytest.raises(ConfigurationError, match=r"'a' cannot resume from /run/a_1\.pack"):
        check(made)


def test_resume_from_a_url_is_accepted():
    check(replace(PLAIN, resume={Reference("a"): "s3://bucket/a_1.pack"}))
