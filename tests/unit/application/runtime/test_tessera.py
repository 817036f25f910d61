"""The decorator of classes."""

import pytest

from application.runtime.tessera import tessera


def test_decorated_class_is_used_locally():
    @tessera
    class Counter:
        def __init__(self, start):
            self.n = start

    assert Counter(3).n == 3
    assert Counter(3).runtime is None


def test_decorator_takes_defaults():
    @tessera(max_retries=2, max_concurrency=3)
    class Counter:
        pass

    assert Counter.__tessera_defaults__ == {"max_retries": 2, "max_concurrency": 3}


def test_unknown_default_is_rejected():
    with pytest.raises(TypeError, match="'colour'"):
        tessera(colour="red")


def test_reserved_names_of_a_class_are_refused_and_named():
    class Counter:
        def uid(self):
            pass

        def cancel(self):
            pass

    with pytest.raises(TypeError, match="'cancel', 'uid'"):
        tessera(Counter)


@pytest.mark.parametrize("name", ["node", "head", "logger"])
def test_class_keeps_its_own_attribute(name):
    decorated = tessera(type("Counter", (), {name: lambda self: "own"}))
    assert getattr(decorated(), name)() == "own"


def test_instance_sets_its_own_attribute():
    @tessera
    class Counter:
        def __init__(self):
            self.node = "own"

    assert Counter().node == "own"


def test_subclass_of_a_tessera_can_be_decorated():
    @tessera
    class Counter:
        pass

    @tessera(max_restarts=1)
    class Other(Counter):
        pass

    assert Other.__tessera_defaults__ == {"max_restarts": 1}
    assert Counter.__tessera_defaults__ == {}


def test_actor_outside_of_a_run_is_an_error():
    @tessera
    class Counter:
        pass

    with pytest.raises(RuntimeError, match="runtime"):
        Counter.remote()
    assert Counter.local is None
