"""What every NodeInspector promises."""

from abc import ABC, abstractmethod

import pytest

from adapters.in_memory.processes import InMemoryNodeInspector
from adapters.processes.node_inspector import LinuxNodeInspector
from application.interfaces.agents import NodeInspector


class NodeInspectorContract(ABC):
    """To be subclassed for each adapter."""

    @pytest.fixture
    @abstractmethod
    def inspector(self) -> NodeInspector:
        """Return an inspector of a node called `here`."""

    def test_the_node_has_its_name(self, inspector):
        assert inspector.resources().node == "here"

    def test_there_is_a_core_to_run_on(self, inspector):
        cores = inspector.resources().cores
        assert cores
        assert all(core.hwthreads for core in cores)

    def test_no_two_cores_share_a_number_or_a_hardware_thread(self, inspector):
        cores = inspector.resources().cores
        hwthreads = [number for core in cores for number in core.hwthreads]
        assert len({core.core_id for core in cores}) == len(cores)
        assert len(set(hwthreads)) == len(hwthreads)

    def test_memory_is_in_bytes_where_it_is_known(self, inspector):
        memory = inspector.resources().memory
        assert memory is None or memory > 2**20

    def test_a_node_stays_the_same(self, inspector):
        assert inspector.resources() == inspector.resources()


class TestLinuxNodeInspector(NodeInspectorContract):
    @pytest.fixture
    def inspector(self):
        return LinuxNodeInspector(node="here")


class TestLinuxNodeInspectorWithoutAKernelThatTells(NodeInspectorContract):
    @pytest.fixture
    def inspector(self, tmp_path):
        return LinuxNodeInspector(node="here", proc=tmp_path / "proc", sys=tmp_path / "sys")


class TestInMemoryNodeInspector(NodeInspectorContract):
    @pytest.fixture
    def inspector(self):
        return InMemoryNodeInspector("here", cores=3, memory=2**30)


class TestInMemoryNodeInspectorThatKnowsNoMemory(NodeInspectorContract):
    @pytest.fixture
    def inspector(self):
        return InMemoryNodeInspector("here")
