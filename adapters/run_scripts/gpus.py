"""Passes the GPUs of an instance to its program."""

from __future__ import annotations

from domain.placement.resources import GpuKind, Resources


def gpu_variables(resources: Resources) -> dict[str, str]:
    """Return the environment variables that restrict a program to the GPUs of its instance.

    They are those of the first node: an instance with GPUs on several nodes has whole nodes, whose
    GPUs have the same numbers.

    Args:
        resources: The resources of the instance; without GPUs, the program is not restricted.
    """
    gpus = resources.nodes[0].gpus if resources.nodes else ()
    variables = {
        kind.variable: ",".join(gpu.device for gpu in gpus if gpu.kind is kind)
        for kind in GpuKind
        if any(gpu.kind is kind for gpu in gpus)
    }
    if GpuKind.NVIDIA.variable in variables:
        # the agent numbers them as the driver's files do, and not by speed
        variables["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    return variables
