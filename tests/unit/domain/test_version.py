from pathlib import Path

from domain.version import VERSION

PROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"


def test_version_equals_that_in_pyproject() -> None:
    assert f'\nversion = "{VERSION}"\n' in PROJECT.read_text()
