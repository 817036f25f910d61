"""Functions that are pickled once, and kept by workers."""

import pytest

from adapters.pickling.pickler import CloudPickler
from application.runtime import function_codes as module
from application.runtime.function_codes import FunctionCodes
from application.runtime.packing import Packing
from tests.unit.domain.runtime.test_stable_functions import in_main


@pytest.fixture
def codes():
    return FunctionCodes(packing=Packing(pickler=CloudPickler()))


def test_stable_function_is_pickled_once(codes):
    function = in_main("def f(x): return x + 1")
    assert codes.code_of(function) is codes.code_of(function)


def test_kept_function_is_loaded_once(codes):
    code = codes.code_of(in_main("def f(x): return x + 1"))
    assert codes.function_of(code)(2) == 3
    assert codes.function_of(code) is codes.function_of(bytes(code))


def test_function_is_pickled_again_after_a_global_constant_has_changed(codes):
    function = in_main("def f(): return scale", scale=1)
    first = codes.code_of(function)
    function.__globals__["scale"] = 2
    second = codes.code_of(function)
    assert [codes.function_of(code)() for code in (first, second)] == [1, 2]


def test_function_with_state_has_no_code(codes):
    assert codes.code_of(in_main("def f(x=[]): return x")) == b""


def test_function_with_a_long_pickle_has_no_code(codes):
    function = in_main(f"def f(): return {'x' * module.MOST_BYTES!r}")
    assert codes.code_of(function) == b""


def test_worker_keeps_a_limited_number_of_functions(codes, monkeypatch):
    monkeypatch.setattr(module, "MOST_KEPT", 2)
    made = [codes.code_of(in_main(f"def f(): return {number}")) for number in range(3)]
    assert [codes.function_of(code)() for code in made] == [0, 1, 2]
    assert list(codes._functions) == made[1:]
