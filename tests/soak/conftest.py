"""Fixtures of the soak tests."""

from pathlib import Path

import pytest

from tests.support.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A user's folder with a working model."""
    return Workspace(tmp_path)
