from pathlib import Path

from domain.running.agents import AgentOrders, StartCommand


def test_repr_of_orders_hides_the_secret() -> None:
    orders = AgentOrders(("tcp:host:9000",), "very secret", 30.0, 10.0, None, node="node1")
    assert "very secret" not in repr(orders)
    assert "node1" in repr(orders)


def test_repr_of_start_command_hides_the_environment() -> None:
    path = Path("/run")
    command = StartCommand("macro", path, ("model.py",), {"TOKEN": "very secret"}, path, path)
    assert "very secret" not in repr(command)
    assert "macro" in repr(command)
