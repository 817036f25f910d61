"""Orders in environment variables."""

from adapters.wire.orders_in_environment import (
    MAX_LENGTH,
    has_orders,
    orders_as_variables,
    take_orders,
)


def test_orders_are_taken_out_of_the_environment():
    line = b"abc=\n"
    environment = {"HOME": "/", **orders_as_variables(line)}
    assert has_orders(environment)
    assert take_orders(environment) == line
    assert environment == {"HOME": "/"}


def test_long_orders_are_split_into_variables_of_a_possible_length():
    line = b"x" * (2 * MAX_LENGTH + 1) + b"\n"
    variables = orders_as_variables(line)
    assert len(variables) == 3
    assert take_orders(variables) == line


def test_environment_without_orders():
    assert not has_orders({"HOME": "/"})
    assert take_orders({"HOME": "/"}) == b""
