"""Fixtures of the acceptance tests."""

from pathlib import Path

import pytest

from tests.support.installations import Environment, build_wheel
from tests.support.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A user's folder with a working model."""
    return Workspace(tmp_path)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Conjoin's wheel."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with Conjoin installed from its wheel, and the packages that it requires."""
    environment = Environment(tmp_path_factory.mktemp("installed"))
    environment.install(wheel)
    environment.share_dependencies()
    return environment
