"""Contract of NodeInspector."""

from abc import ABC, abstractmethod

import pytest

from adapters.in_memory.processes import InMemoryNodeInspector
from adapters.processes.node_inspector import LinuxNodeInspector
from application.interfaces.agents import NodeInspector
from domain.running.nodes import NodeLoad


class NodeInspectorContract(ABC):
    """Subclass it for each adapter."""

    @pytest.fixture
    @abstractmethod
    def inspector(self) -> NodeInspector:
        """Return an inspector of a node named `here`."""

    def test_node_has_the_given_name(self, inspector):
        assert inspector.resources().node == "here"

    def test_node_has_at_least_one_core(self, inspector):
        cores = inspector.resources().cores
        assert cores
        assert all(core.hwthreads for core in cores)

    def test_core_numbers_and_hardware_threads_are_unique(self, inspector):
        cores = inspector.resources().cores
        hwthreads = [number for core in cores for number in core.hwthreads]
        assert len({core.core_id for core in cores}) == len(cores)
        assert len(set(hwthreads)) == len(hwthreads)

    def test_memory_is_in_bytes_or_unknown(self, inspector):
        memory = inspector.resources().memory
        assert memory is None or memory > 2**20

    def test_load_and_used_memory_are_numbers_or_unknown(self, inspector):
        load = inspector.load()
        assert load.load is None or load.load >= 0
        assert load.memory_used is None or load.memory_used > 2**20

    def test_resources_are_the_same_each_time(self, inspector):
        assert inspector.resources() == inspector.resources()


class TestLinuxNodeInspector(NodeInspectorContract):
    @pytest.fixture
    def inspector(self):
        return LinuxNodeInspector(node="here")


class TestLinuxNodeInspectorWithoutKernelInformation(NodeInspectorContract):
    @pytest.fixture
    def inspector(self, tmp_path):
        return LinuxNodeInspector(node="here", root=tmp_path)


class TestInMemoryNodeInspector(NodeInspectorContract):
    @pytest.fixture
    def inspector(self):
        return InMemoryNodeInspector("here", cores=3, memory=2**30, load=NodeLoad(0.5, 2**29))


class TestInMemoryNodeInspectorWithoutMemorySize(NodeInspectorContract):
    @pytest.fixture
    def inspector(self):
        return InMemoryNodeInspector("here")
