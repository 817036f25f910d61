"""Managers that run within the tests' own process."""

from pathlib import Path

import pytest

from adapters.ymmsl_files.source import YmmslConfigurationSource
from tests.support.pair import MODEL


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def manual():
    """A configuration whose components all are started by the user."""
    return YmmslConfigurationSource(programs_required=False).load([MODEL])
