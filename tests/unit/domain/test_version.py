from pathlib import Path

from domain.version import VERSION

PROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"


def test_the_version_is_that_of_the_project() -> None:
    assert f'\nversion = "{VERSION}"\n' in PROJECT.read_text()
