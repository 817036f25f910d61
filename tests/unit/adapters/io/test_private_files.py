"""Private files: permissions are independent of the umask and of what was there before."""

import os
import stat

import pytest

from adapters.io.private_files import PRIVATE_EXECUTABLE, write_private


@pytest.fixture(params=[0o000, 0o022, 0o777])
def umask(request):
    old = os.umask(request.param)
    yield request.param
    os.umask(old)


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_private_file_can_be_read_by_its_user_only_whatever_the_umask(tmp_path, umask):
    write_private(tmp_path / "file", "ä\n")
    write_private(tmp_path / "script", "x", mode=PRIVATE_EXECUTABLE)
    assert mode_of(tmp_path / "file") == 0o600
    assert mode_of(tmp_path / "script") == 0o700
    assert (tmp_path / "file").read_text(encoding="utf-8") == "ä\n"


def test_existing_public_file_is_replaced_rather_than_filled(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o644)
    with path.open() as reader:
        write_private(path, "secret")
        assert reader.read() == "old"
    assert (path.read_text(), mode_of(path)) == ("secret", 0o600)


def test_link_in_place_of_a_private_file_is_replaced_and_not_followed(tmp_path):
    target = tmp_path / "target"
    target.write_text("kept")
    (tmp_path / "file").symlink_to(target)
    write_private(tmp_path / "file", "secret")
    assert target.read_text() == "kept"
    assert not (tmp_path / "file").is_symlink()
