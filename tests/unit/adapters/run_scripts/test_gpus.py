"""The variables that pass GPUs to programs."""

from adapters.run_scripts.gpus import gpu_variables
from domain.placement.resources import Gpu, GpuKind, NodeResources, Resources


def test_gpus_of_each_maker_have_a_variable():
    gpus = (Gpu(GpuKind.NVIDIA, "0"), Gpu(GpuKind.NVIDIA, "2"), Gpu(GpuKind.AMD, "1"))
    node = NodeResources("n", frozenset(), gpus=gpus)
    assert gpu_variables(Resources((node,))) == {
        "CUDA_VISIBLE_DEVICES": "0,2",
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "ROCR_VISIBLE_DEVICES": "1",
    }


def test_instance_without_gpus_has_no_variables():
    assert gpu_variables(Resources((NodeResources("n", frozenset()),))) == {}
    assert gpu_variables(Resources()) == {}
