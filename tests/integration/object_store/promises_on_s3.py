"""Runs the contract tests for snapshot stores on S3. Started by `test_promises_on_s3.py`."""

import uuid

import pytest

from adapters.fsspec.snapshot_store import FsspecSnapshotStore
from conjoin.testing import PersistentSnapshotStoreContract


class TestFsspecSnapshotStoreOnS3(PersistentSnapshotStoreContract):
    @pytest.fixture(autouse=True)
    def choose_bucket(self):
        self.bucket = f"bucket-{uuid.uuid4().hex}"

    def make(self, folder):
        return FsspecSnapshotStore(f"s3://{self.bucket}/snapshots")
