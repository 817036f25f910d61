"""Holds the store of snapshots to its promises on S3. Run by `test_promises_on_s3.py`."""

import uuid

import pytest

from adapters.fsspec.snapshot_store import FsspecSnapshotStore
from tests.contract.test_snapshot_store import StoredOutsideContract


class TestFsspecSnapshotStoreOnS3(StoredOutsideContract):
    @pytest.fixture(autouse=True)
    def choose_bucket(self):
        self.bucket = f"bucket-{uuid.uuid4().hex}"

    def make(self, folder):
        return FsspecSnapshotStore(f"s3://{self.bucket}/snapshots")
