"""Which instances use which cores."""

from domain.identity import Reference
from domain.placement.core_usage import NodeUsage, SharedCores, core_usage
from domain.placement.planning import Planner
from tests.support.models import configuration, nodes

CALL = """
macro o_i -> micro f_init
micro o_f -> macro s
"""


def test_cores_with_the_same_users_are_grouped():
    available = nodes(3, 2)
    model = configuration(CALL, sizes={"micro": (3,)})
    macro, micro = Reference("macro"), Reference("micro")
    assert core_usage(Planner(model).plan(available).resources, available) == [
        NodeUsage(
            "n0",
            (
                SharedCores((0,), (macro, micro + 0)),
                SharedCores((1,), (micro + 1,)),
                SharedCores((2,), (micro + 2,)),
            ),
            (),
        ),
        NodeUsage("n1", (), (0, 1)),
    ]


def test_core_count_of_a_node_includes_free_cores():
    assert NodeUsage("n0", (SharedCores((0, 2), ()),), (1,)).core_count == 3
