"""When numpy is imported, tested in new processes; test_payloads tests array encoding."""

import subprocess
import sys

import numpy as np
import pytest

from adapters.wire.payloads import Muscle3Payloads, OwnPayloads, encode_own
from domain.coupling.grid import Grid
from domain.coupling.messages import Milestone
from domain.coupling.settings import Settings

RECEIVE = """
import sys

from adapters.wire.packing import unpack
from adapters.wire.payloads import Muscle3Payloads, OwnPayloads

data = bytes.fromhex(sys.argv[1])
hook = {"muscle3": Muscle3Payloads, "own": OwnPayloads()}[sys.argv[2]].ext_hook
"""
NO_ARRAYS = ["x", 5, 1.5, None, b"y", [True, {"z": [2.5]}], Milestone((1, 2)), Settings({"a": 1})]


def prints(code: str, *arguments: str) -> str:
    """Return what Python code prints in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def encoded(value: object, protocol: str) -> str:
    if protocol == "muscle3":
        return Muscle3Payloads.encode(value).hex()
    return encode_own(value, OwnPayloads()).hex()


@pytest.mark.parametrize("value", [*NO_ARRAYS, {1: b"x", b"y": 2}, 1j], ids=repr)
def test_value_without_arrays_round_trips_without_importing_numpy(value: object):
    code = RECEIVE + (
        "from adapters.wire.payloads import encode_own\n"
        "received = unpack(data, hook)\n"
        "print(encode_own(received, OwnPayloads()).hex(), 'numpy' in sys.modules)"
    )
    data = encoded(value, "own")
    assert prints(code, data, "own") == f"{data} False\n"


@pytest.mark.parametrize("value", NO_ARRAYS, ids=repr)
def test_value_without_arrays_is_encoded_for_muscle3_without_importing_numpy(value: object):
    code = RECEIVE + (
        "received = unpack(data, hook)\n"
        "print(Muscle3Payloads.encode(received).hex(), 'numpy' in sys.modules)"
    )
    data = encoded(value, "muscle3")
    assert prints(code, data, "muscle3") == f"{data} False\n"


@pytest.mark.parametrize("protocol", ["muscle3", "own"])
def test_array_is_decoded_before_numpy_has_been_imported(protocol: str):
    code = RECEIVE + (
        "before = 'numpy' in sys.modules\n"
        "received = unpack(data, hook)\n"
        "print(before, type(received).__name__, received.array.tolist(), received.indexes)"
    )
    data = encoded(Grid(np.array([1.5, 2.5]), ["x"]), protocol)
    assert prints(code, data, protocol) == "False Grid [1.5, 2.5] ['x']\n"


def test_numpy_scalar_is_decoded_before_numpy_has_been_imported():
    code = RECEIVE + "received = unpack(data, hook)\nprint(type(received).__name__, received)"
    assert prints(code, encoded(np.float32(1.5), "own"), "own") == "float32 1.5\n"


WHILE_ANOTHER_IMPORTS = """
import builtins
import threading

begun, asked, go_on = threading.Event(), threading.Event(), threading.Event()
import_as_ever = builtins.__import__


def import_with_a_stop(name, *others):
    if name == "adapters.wire.arrays":
        asked.set()
    if threading.current_thread() is importing and "numpy" in sys.modules:
        begun.set()
        go_on.wait()
    return import_as_ever(name, *others)


def import_numpy():
    import numpy


def receive():
    results.append(unpack(data, hook).array.tolist())


results = []
importing, receiving = (threading.Thread(target=target) for target in (import_numpy, receive))
builtins.__import__ = import_with_a_stop
importing.start()
begun.wait()
receiving.start()
asked.wait()
print(hasattr(sys.modules["numpy"], "ndarray"), results)
go_on.set()
importing.join()
receiving.join()
print(results)
"""


def test_array_waits_for_another_thread_to_finish_importing_numpy():
    data = encoded(np.array([1.5, 2.5]), "own")
    printed = prints(RECEIVE + WHILE_ANOTHER_IMPORTS, data, "own")
    assert printed == "False []\n[[1.5, 2.5]]\n"
