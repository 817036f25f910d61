"""An object store passes the contract tests of snapshot stores.

They run in a separate process, because the S3 client leaves a thread behind.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.muscle3 import REPOSITORY
from tests.support.object_store import running_object_store
from tests.support.scenario_runs import clean_environment

PROMISES = Path(__file__).with_name("promises_on_s3.py")
COMMAND = (sys.executable, "-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_object_store_passes_the_snapshot_store_contract(tmp_path):
    with running_object_store(tmp_path) as store:
        done = subprocess.run(
            [*COMMAND, "--basetemp", tmp_path / "temporary", PROMISES],
            cwd=REPOSITORY,
            env={**clean_environment(), **store.environment},
            capture_output=True,
            text=True,
            timeout=100,
        )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
