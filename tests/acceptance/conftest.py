"""What acceptance tests start from."""

from pathlib import Path

import pytest

from tests.support.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A user's folder with a model that works."""
    return Workspace(tmp_path)
