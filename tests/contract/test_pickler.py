"""Contract of Pickler."""

import base64
import gc
import pickle
import subprocess
import sys
import threading
import traceback
import weakref
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest

from adapters.pickling.pickler import CloudPickler
from application.interfaces.pickler import Pickler
from domain.runtime.errors import RemoteFailure, Unloadable, Unpicklable
from domain.runtime.payloads import Payload


class Grid(dict):
    """A mapping with attributes."""


@dataclass
class Model:
    grid: Grid


@dataclass
class Slotted:
    __slots__ = ("lock",)
    lock: object


class Pair(NamedTuple):
    left: object
    right: object


class TwoArguments(Exception):
    def __init__(self, code, place):
        super().__init__(f"code {code} at {place}")
        self.code = code


class Unfriendly(Exception):
    """Contains something that cannot be pickled."""

    def __init__(self):
        super().__init__("with a lock")
        self.lock = threading.Lock()


class RefusesToLoad:
    def __reduce__(self):
        return fail, ()


def fail():
    raise ValueError("not here")


class LoadsWithError(Exception):
    def __reduce__(self):
        return fail, ()


def arrays():
    return [
        np.arange(20_000.0),
        np.asfortranarray(np.arange(20_000.0).reshape(100, 200)),
        np.arange(40_000.0)[::2],
        np.arange(10),
        np.zeros((0, 3)),
    ]


class PicklerContract(ABC):
    """Subclass it for each adapter."""

    @pytest.fixture
    def pickler(self):
        return self.create()

    @abstractmethod
    def create(self) -> Pickler:
        """Return a pickler."""

    @pytest.mark.parametrize(
        "value",
        [None, 1, 2.5, "text", b"bytes", (1, [2, {"a": None}]), {1, 2}, Pair(1, 2), range(3)],
        ids=repr,
    )
    def test_value_arrives_unchanged(self, pickler, value):
        again = pickler.load(pickler.dump(value, name="value"))
        assert (type(again), again) == (type(value), value)

    @pytest.mark.parametrize("value", [None, (1, 2.5, "x"), [b"", {"a": [1]}], ([], {}, None)])
    def test_plain_value_is_loaded_unchanged(self, pickler, value):
        payload = pickler.dump_plain(value)
        assert payload.buffers == ()
        assert pickler.load(payload) == value

    @pytest.mark.parametrize("array", arrays(), ids=lambda array: str(array.shape))
    def test_array_arrives_unchanged(self, pickler, array):
        again = pickler.load(pickler.dump(array, name="array"))
        np.testing.assert_array_equal(again, array)

    def test_large_array_is_a_buffer_that_is_not_copied(self, pickler):
        array = np.zeros(20_000)
        payload = pickler.dump({"a": array}, name="value")
        (buffer,) = payload.buffers
        assert np.shares_memory(np.frombuffer(buffer), array)
        assert len(payload.data) < 1000

    def test_large_array_from_a_read_only_buffer_is_read_only(self, pickler):
        payload = pickler.dump(np.zeros(20_000), name="array")
        frozen = Payload(payload.data, tuple(map(bytes, payload.buffers)))
        assert not pickler.load(frozen).flags.writeable

    @pytest.mark.parametrize("replace", [None, lambda _: None], ids=["plain", "replacing"])
    def test_large_array_is_freed_without_garbage_collection(self, pickler, replace):
        array = np.zeros(20_000)
        freed = []
        weakref.finalize(array, freed.append, True)
        gc.disable()
        try:
            payload = pickler.dump({"a": array}, name="value", replace=replace)
            pickler.load(payload, restore=replace)
            del array, payload
            assert freed
        finally:
            gc.enable()

    def test_small_array_is_inside_the_pickle_and_writable(self, pickler):
        payload = pickler.dump(np.zeros(10), name="array")
        assert payload.buffers == ()
        assert pickler.load(payload).flags.writeable

    def test_local_function_travels_with_its_variables(self, pickler):
        factor = 3
        again = pickler.load(pickler.dump(lambda x: factor * x, name="f"))
        assert again(4) == 12

    def test_local_class_is_identical_in_two_pickles(self, pickler):
        class Local:
            pass

        first, second = (pickler.load(pickler.dump(Local(), name="x")) for _ in range(2))
        assert type(first) is type(second) is Local

    def test_class_of_main_is_identical_in_argument_and_function_elsewhere(self, tmp_path):
        script = tmp_path / "script.py"
        script.write_text(
            f"import sys; sys.path[:] = {sys.path!r}\n"
            f"from {type(self.create()).__module__} import {type(self.create()).__name__} as P\n"
            "class Point: pass\n"
            "def is_point(x): return type(x) is Point\n"
            "import base64, pickle\n"
            "for value in (is_point, Point()):\n"
            "    print(base64.b64encode(P().dump(value, name='value').data).decode())\n"
        )
        done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
        function, argument = (
            self.create().load(Payload(base64.b64decode(line))) for line in done.stdout.split()
        )
        assert function(argument)

    @pytest.mark.parametrize(
        ("value", "path"),
        [
            (threading.Lock(), "model"),
            (Model(Grid(lock=threading.Lock())), 'model.grid["lock"]'),
            ({"a": [1, (2, threading.Lock())]}, 'model["a"][1][1]'),
            (Pair(1, threading.Lock()), "model.right"),
            (Slotted(threading.Lock()), "model.lock"),
            ({3: threading.Lock()}, "model[3]"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_error_names_the_path_of_the_culprit(self, pickler, value, path):
        with pytest.raises(Unpicklable) as caught:
            pickler.dump(value, name="model")
        assert caught.value.path == path
        assert "lock" in caught.value.reason

    def test_error_names_the_variable_of_a_local_function(self, pickler):
        lock = threading.Lock()
        with pytest.raises(Unpicklable) as caught:
            pickler.dump(lambda: lock, name="f")
        assert caught.value.path == 'f.__closure__["lock"]'

    def test_pickling_error_is_also_a_type_error(self, pickler):
        with pytest.raises(TypeError, match=r"model cannot be pickled: TypeError: .*lock"):
            pickler.dump(threading.Lock(), name="model")

    def test_object_that_fails_to_load_raises_unloadable(self, pickler):
        payload = pickler.dump(RefusesToLoad(), name="value")
        with pytest.raises(Unloadable, match="ValueError: not here"):
            pickler.load(payload)

    def test_pickle_that_is_garbage_raises_unloadable(self, pickler):
        with pytest.raises(Unloadable):
            pickler.load(Payload(b"\x80\x05garbage"))

    def test_replaced_objects_are_restored_wherever_they_are(self, pickler):
        value = {"a": [Pair(threading.main_thread(), 2)]}

        def replace(item):
            return "the main thread" if isinstance(item, threading.Thread) else None

        payload = pickler.dump(value, name="value", replace=replace)
        again = pickler.load(payload, restore=lambda item: item.upper())
        assert again == {"a": [Pair("THE MAIN THREAD", 2)]}

    def test_error_arrives_with_type_text_cause_and_frames(self, pickler):
        try:
            try:
                fail()
            except ValueError as cause:
                raise KeyError("outer") from cause
        except KeyError as error:
            payload = pickler.dump_error(error)
        again = pickler.load_error(payload)
        assert (type(again), again.args) == (KeyError, ("outer",))
        assert str(again.__cause__) == "not here"
        frames = traceback.extract_tb(again.__cause__.__traceback__)
        assert frames[-1].name == "fail"

    def test_error_whose_constructor_takes_other_arguments_arrives(self, pickler):
        again = pickler.load_error(pickler.dump_error(TwoArguments(3, "here")))
        assert isinstance(again, TwoArguments)
        assert (str(again), again.code) == ("code 3 at here", 3)

    def test_notes_of_an_error_arrive(self, pickler):
        error = ValueError("x")
        error.__notes__ = ["on worker:0:1"]
        assert pickler.load_error(pickler.dump_error(error)).__notes__ == ["on worker:0:1"]

    def test_error_that_cannot_be_pickled_is_replaced(self, pickler):
        again = pickler.load_error(pickler.dump_error(Unfriendly()))
        assert isinstance(again, RemoteFailure)
        assert (again.type_name, again.text) == ("Unfriendly", "with a lock")

    def test_error_that_cannot_be_loaded_is_replaced(self, pickler):
        again = pickler.load_error(pickler.dump_error(LoadsWithError("why")))
        assert isinstance(again, RemoteFailure)
        assert (again.type_name, again.text) == ("LoadsWithError", "why")

    def test_damaged_pickle_of_an_error_is_replaced(self, pickler):
        assert isinstance(pickler.load_error(Payload(b"garbage")), RemoteFailure)

    def test_other_pickling_of_exceptions_is_unchanged(self, pickler):
        try:
            fail()
        except ValueError as error:
            pickler.dump_error(error)
            again = pickle.loads(pickle.dumps(error))
        assert again.__traceback__ is None


class TestCloudPickler(PicklerContract):
    def create(self):
        return CloudPickler()
