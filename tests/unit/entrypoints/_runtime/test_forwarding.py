"""Methods of a facade that forward."""

import inspect

from entrypoints._runtime.forwarding import Forwarded, ForwardedProperty


class Adder:
    """A service."""

    def __init__(self, offset):
        self.offset = offset

    def add(self, a, b=1):
        """Add."""
        return self.offset + a + b


class Facade:
    """A facade of one service."""

    def __init__(self, adder):
        self._adder = adder

    def service(self, kind):
        assert kind is Adder
        return self._adder

    add = Forwarded(Adder, Adder.add)
    offset = ForwardedProperty(Adder, "offset", int)


def test_method_is_forwarded_to_the_service():
    assert Facade(Adder(10)).add(1, b=2) == 13


def test_property_is_forwarded_to_the_service():
    assert Facade(Adder(10)).offset == 10


def test_forwarded_method_has_the_signature_and_documentation_of_the_service():
    assert str(inspect.signature(Facade(Adder(0)).add)) == "(a, b=1)"
    assert Facade.add.__doc__ == "Add."
