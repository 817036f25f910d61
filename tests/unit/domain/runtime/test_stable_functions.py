"""Functions of which one copy serves many calls."""

import math
from types import FunctionType

import pytest

from domain.runtime.stable_functions import stable_form


def in_main(source: str, name: str = "f", **variables: object) -> FunctionType:
    """Return a function that a user's script would define."""
    namespace = {"__name__": "__main__", **variables}
    exec(source, namespace)
    function = namespace[name]
    assert isinstance(function, FunctionType)
    return function


def is_same(first: FunctionType, second: FunctionType) -> bool:
    one, other = stable_form(first), stable_form(second)
    assert one is not None
    assert other is not None
    return one.is_same(other)


@pytest.mark.parametrize(
    "source",
    [
        "def f(x): return x",
        "def f(x, y=3, z='a'): return x",
        "def f(x): return math.sin(x) + scale",
        "def f(x): return [i + scale for i in range(x)]",
        "f = lambda x: x",
        "async def f(x): return x",
    ],
)
def test_function_without_state_is_stable(source):
    function = in_main(source, math=math, scale=2.0)
    assert is_same(function, function)


@pytest.mark.parametrize(
    "source",
    [
        "def g(y):\n    def f(): return y\n    return f\nf = g(1)",
        "def f(x, found=[]): return x",
        "def f(*, x=[]): return x",
        "def f(): return table",
        "def f():\n    def inner(): return table\n    return inner",
        "def f():\n    global count\n    count = 1",
        "def f():\n    def inner():\n        global count\n        count = 1\n    inner()",
        "def f(n): return f(n - 1)",
        "def f(): pass\nf.calls = 0",
    ],
)
def test_function_with_state_is_not_stable(source):
    assert stable_form(in_main(source, table={})) is None


@pytest.mark.parametrize("other", [len, math.sin, int, "text", None, stable_form])
def test_what_a_script_does_not_define_is_not_stable(other):
    assert stable_form(other) is None


def test_change_of_a_global_constant_changes_the_form():
    function = in_main("def f(): return scale", scale=1)
    before = stable_form(function)
    function.__globals__["scale"] = True
    after = stable_form(function)
    assert before is not None
    assert after is not None
    assert not before.is_same(after)


def test_change_of_a_default_changes_the_form():
    function = in_main("def f(x=0.0): return x")
    before = stable_form(function)
    function.__defaults__ = (-0.0,)
    after = stable_form(function)
    assert before is not None
    assert after is not None
    assert not before.is_same(after)


def test_global_variable_that_is_defined_later_changes_the_form():
    function = in_main("def f(): return later")
    before = stable_form(function)
    function.__globals__["later"] = 1
    after = stable_form(function)
    assert before is not None
    assert after is not None
    assert not before.is_same(after)
