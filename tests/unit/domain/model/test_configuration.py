"""The instances of a configuration, and the components that they belong to."""

import pytest

from domain.identity import Reference
from domain.model.configuration import ExecutionModel, MpiCores, Threads
from tests.support.models import configuration

MADE = configuration(
    "macro o_i -> micro f_init", sizes={"micro": (2, 3)}, asked={"micro": MpiCores(4)}
)


def test_last_index_of_instances_varies_fastest():
    names = [str(name) for name in MADE.model.instances()]
    assert names[0] == "macro"
    assert names[1:] == [f"micro[{i}][{j}]" for i in range(2) for j in range(3)]


def test_empty_instance_set_has_no_instances():
    assert list(configuration("a", sizes={"a": (0,)}).model.instances()) == []


@pytest.mark.parametrize("name", ["macro", "micro[0][0]", "micro[1][2]"])
def test_component_of_an_instance_is_found(name):
    component = MADE.model.component_of(Reference(name))
    assert str(component.name) == name.partition("[")[0]


@pytest.mark.parametrize(
    "name", ["nobody", "macro[0]", "micro", "micro[0]", "micro[2][0]", "micro[0][3]", "micro[0].x"]
)
def test_unknown_instance_has_no_component(name):
    assert MADE.model.component_of(Reference(name)) is None


def test_default_requirement_is_one_thread():
    macro, micro = MADE.model.components.values()
    assert MADE.resources_of(macro) == Threads(1)
    assert MADE.resources_of(micro) == MpiCores(4)


def test_one_manual_component_makes_the_configuration_manual():
    assert not MADE.has_manual_components
    assert configuration("a o_f -> b f_init", manual=("b",)).has_manual_components


def test_mpi_execution_models_are_recognised():
    assert {item.value for item in ExecutionModel if item.uses_mpi} == {
        "openmpi",
        "intelmpi",
        "srunmpi",
    }
