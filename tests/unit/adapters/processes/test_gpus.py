"""The GPUs that a process may use."""

from pathlib import Path

import pytest

from adapters.processes.gpus import read_gpus


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A node with four NVIDIA GPUs, whose driver numbers them differently."""
    (tmp_path / "dev").mkdir()
    for number in range(4):
        (tmp_path / f"dev/nvidia{number}").touch()
        driver = tmp_path / f"proc/driver/nvidia/gpus/0000:0{number}:00.0"
        driver.mkdir(parents=True)
        (driver / "information").write_text(f"Model: X\nDevice Minor: \t {3 - number}\n")
    return tmp_path


def devices(root: Path, visible: str | None = None) -> list[str]:
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    return [gpu.device for gpu in read_gpus(root, environment)]


def test_gpus_of_a_node_are_numbered(root):
    assert devices(root) == ["0", "1", "2", "3"]


def test_node_without_devices_has_no_gpus(tmp_path):
    assert devices(tmp_path) == []
    assert devices(tmp_path, "0") == []


def test_gpu_without_a_device_file_is_not_counted(root):
    (root / "dev/nvidia1").unlink()
    assert devices(root) == ["0", "1", "2"]


def test_device_files_are_counted_in_a_container_without_driver_files(tmp_path):
    (tmp_path / "dev").mkdir()
    for name in ("nvidia3", "nvidiactl", "nvidia-uvm"):
        (tmp_path / "dev" / name).touch()
    assert devices(tmp_path) == ["0"]


@pytest.mark.parametrize(
    ("visible", "found"),
    [
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
        ("2", ["2"]),
        ("3, 1", ["3", "1"]),
        ("0,7,1", ["0"]),
        ("1,1", ["1"]),
        ("GPU-1234,MIG-5", ["GPU-1234", "MIG-5"]),
    ],
)
def test_gpus_are_restricted_by_the_environment_as_the_driver_does(root, visible, found):
    assert devices(root, visible) == found


def test_amd_gpus_need_the_compute_device(tmp_path):
    card = tmp_path / "sys/class/drm/renderD128/device"
    card.mkdir(parents=True)
    (card / "vendor").write_text("0x1002\n")
    (tmp_path / "dev/dri").mkdir(parents=True)
    (tmp_path / "dev/dri/renderD128").touch()
    assert devices(tmp_path) == []
    (tmp_path / "dev/kfd").touch()
    assert devices(tmp_path) == ["0"]
