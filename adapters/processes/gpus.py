"""Finds the GPUs of a node that this process may use, on Linux."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from domain.placement.resources import Gpu, GpuKind

AMD_VENDOR: Final = "0x1002"

_MINOR: Final = re.compile(r"^Device Minor:\s*(\d+)", re.MULTILINE)
_DEVICE: Final = re.compile(r"nvidia(\d+)")


def read_gpus(root: Path, environment: Mapping[str, str]) -> tuple[Gpu, ...]:
    """Return the GPUs with a driver and a device file, in the order in which programs number them.

    Args:
        root: The root directory, with `proc`, `sys` and `dev`.
        environment: The environment; a batch system may have restricted the GPUs in it.
    """
    found = {GpuKind.NVIDIA: _nvidia_count(root), GpuKind.AMD: _amd_count(root)}
    return tuple(
        Gpu(kind, device)
        for kind, count in found.items()
        for device in _visible(environment.get(kind.variable), count)
    )


def _visible(chosen: str | None, count: int) -> list[str]:
    """Return the devices that an environment variable leaves of all that there are."""
    if chosen is None or not count:
        return list(map(str, range(count)))
    devices: list[str] = []
    for device in map(str.strip, chosen.split(",")):
        # like the drivers, ignore everything from the first invalid device on
        is_number = device.lstrip("-").isdecimal()
        if not device or (is_number and not 0 <= int(device) < count) or device in devices:
            break
        if not is_number and not device.startswith(("GPU-", "MIG-")):
            break
        devices.append(device)
    return devices


def _nvidia_count(root: Path) -> int:
    devices = {found[1] for item in _entries(root / "dev") if (found := _DEVICE.fullmatch(item))}
    drivers = _entries(root / "proc/driver/nvidia/gpus")
    if not drivers:  # a container may have the devices only
        return len(devices)
    minors = [_minor(root / "proc/driver/nvidia/gpus" / name) for name in drivers]
    return sum(minor in devices for minor in minors)


def _minor(directory: Path) -> str | None:
    found = _MINOR.search(_read(directory / "information"))
    return None if found is None else found[1]


def _amd_count(root: Path) -> int:
    if not (root / "dev/kfd").exists():
        return 0
    cards = root / "sys/class/drm"
    return sum(
        (root / "dev/dri" / name).exists()
        and _read(cards / name / "device/vendor").strip() == AMD_VENDOR
        for name in _entries(cards)
        if name.startswith("renderD")
    )


def _entries(directory: Path) -> list[str]:
    try:
        return sorted(item.name for item in directory.iterdir())
    except OSError:
        return []


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
