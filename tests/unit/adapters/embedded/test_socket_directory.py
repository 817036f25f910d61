import os
import shutil

import pytest

from adapters.embedded import socket_directory
from adapters.embedded.socket_directory import create_socket_directory
from domain.runtime.errors import EngineError


def test_directory_is_private_and_below_the_runtime_directory(tmp_path):
    short = f"/tmp/{os.getpid()}"  # pytest's paths are long
    os.mkdir(short)  # noqa: PTH102
    try:
        created = create_socket_directory({"XDG_RUNTIME_DIR": short, "TMPDIR": str(tmp_path)})
        assert created.startswith(f"{short}/conjoin-")
        assert os.stat(created).st_mode & 0o777 == 0o700  # noqa: PTH116
    finally:
        shutil.rmtree(short)


@pytest.mark.parametrize("parent", ["/no/such/directory", "/proc"])
def test_next_place_is_used_if_one_is_not_suitable(parent):
    created = create_socket_directory({"XDG_RUNTIME_DIR": parent})
    os.rmdir(created)  # noqa: PTH106
    assert created.startswith("/tmp/conjoin-")


def test_error_names_all_places_and_their_problems(tmp_path, monkeypatch):
    long = tmp_path / ("d" * 100)
    long.mkdir()
    places = [str(long), "/no/such/directory"]
    monkeypatch.setattr(socket_directory, "_candidates", lambda environment: places)
    with pytest.raises(EngineError, match=r"too long.*no/such/directory: No such file") as caught:
        create_socket_directory({})
    assert "TMPDIR" in str(caught.value)
    assert list(long.iterdir()) == []
