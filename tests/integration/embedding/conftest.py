"""Fixtures of managers that run in the process of the tests."""

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
    """A configuration whose components are all started by the user."""
    return YmmslConfigurationSource(programs_required=False).load([MODEL])
