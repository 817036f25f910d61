"""The check that `conjoin` runs before it imports anything."""

import pytest

from conjoin import _installation
from conjoin._installation import check_installation


def test_this_installation_is_accepted():
    check_installation()


def test_missing_package_entrypoints_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(_installation, "__file__", str(tmp_path / "conjoin" / "_installation.py"))
    with pytest.raises(ImportError) as caught:
        check_installation()
    assert str(caught.value).startswith(
        f"Conjoin is installed in {tmp_path}, but its package 'entrypoints' is missing or"
        " incomplete. Install Conjoin again, "
    )
    assert caught.value.name == "entrypoints"
