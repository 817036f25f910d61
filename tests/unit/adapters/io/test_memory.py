"""Memory for received data is reused, but never while it is referenced."""

import gc
import pickle
import weakref

import numpy as np
import pytest

from adapters.io.memory import LARGE, SameSizeMemory, new_memory
from adapters.wire import stream
from domain.coupling.grid import Grid
from domain.coupling.messages import PeerMessage
from domain.coupling.settings import Settings


def address_of(memory):
    return np.frombuffer(memory, np.uint8).ctypes.data


def warmed_up():
    """Return a memory that keeps the next block of LARGE bytes."""
    memory = SameSizeMemory()
    memory.take(LARGE)
    return memory


def test_memory_of_the_same_size_is_reused_once_it_is_unused():
    memory = warmed_up()
    first = address_of(memory.take(LARGE))
    gc.collect()
    assert address_of(memory.take(LARGE)) == first


def test_memory_in_use_is_not_reused():
    memory = SameSizeMemory()
    held = [memory.take(LARGE) for _ in range(4)]
    assert len({address_of(item) for item in held}) == 4
    assert {len(item) for item in held} == {LARGE}


class Model:
    """Refers to itself, so that only the garbage collector frees it."""

    def __init__(self, data):
        self.data = data
        self.own = self


REFERENCES = {
    "memoryview": lambda view: view,
    "slice": lambda view: view[10:20],
    "cast": lambda view: view.cast("d"),
    "slice of a cast": lambda view: view.cast("d")[1:2],
    "memoryview of a memoryview": lambda view: memoryview(memoryview(view)),
    "array": lambda view: np.frombuffer(view, np.float64),
    "array by asarray": lambda view: np.asarray(view),
    "reshaped array": lambda view: np.frombuffer(view, np.float64).reshape(2, -1),
    "row of a matrix": lambda view: np.frombuffer(view, np.float64).reshape(2, -1)[1],
    "column of a matrix": lambda view: np.frombuffer(view, np.float64).reshape(-1, 2)[:, 1],
    "transposed matrix": lambda view: np.frombuffer(view, np.float64).reshape(2, -1).T,
    "array of another type": lambda view: np.frombuffer(view, np.float64).view(np.int32),
    "strided view of a view": lambda view: np.frombuffer(view, np.uint8)[5:][::7][3:],
    "broadcast": lambda view: np.broadcast_to(np.frombuffer(view, np.uint8), (3, LARGE)),
    "flat iterator": lambda view: np.frombuffer(view, np.uint8).flat,
    "buffer of an array": lambda view: np.frombuffer(view, np.uint8)[3:].data,
    "array of a buffer of an array": lambda view: np.asarray(np.frombuffer(view, np.uint8).data),
    "pickle buffer": lambda view: pickle.PickleBuffer(np.frombuffer(view, np.uint8)),
    "dlpack": lambda view: np.from_dlpack(np.frombuffer(view, np.uint8)),
    "ctypes object": lambda view: np.frombuffer(view, np.uint8).ctypes,
    "base of an array": lambda view: np.frombuffer(view, np.float64)[1:].base,
    "grid": lambda view: Grid(np.frombuffer(view, np.float64)),
    "list in a dictionary": lambda view: {"a": [np.frombuffer(view, np.float64)]},
    "closure": lambda view: lambda: view,
    "reference cycle": Model,
}


@pytest.mark.parametrize("refer", REFERENCES.values(), ids=REFERENCES)
def test_memory_is_not_reused_while_anything_refers_to_it(refer):
    memory = warmed_up()
    view = memory.take(LARGE)
    view[:] = b"\x01" * LARGE
    copy, first = bytes(view), address_of(view)
    held = refer(view)
    watched = np.frombuffer(view, np.uint8)
    del view
    for _ in range(5):
        taken = memory.take(LARGE)
        assert address_of(taken) != first
        taken[:] = b"\x02" * LARGE
        del taken
    assert watched.tobytes() == copy
    del watched
    # `held` is the only reference now
    for _ in range(5):
        taken = memory.take(LARGE)
        assert address_of(taken) != first
        del taken
    del held
    gc.collect()
    assert address_of(memory.take(LARGE)) == first


def test_memory_of_a_received_message_is_not_reused_while_its_array_is_sliced():
    memory = warmed_up()
    sent = np.arange(LARGE // 8, dtype=np.float64).reshape(2, -1)
    message = PeerMessage(0.0, None, {"a": Grid(sent)}, Settings(), None, 0, ())
    frame, payload = stream.encode_message(0, message)
    head = memoryview(frame)[stream.FIXED.size + stream.LENGTH.size :]
    buffer = memory.take(LARGE)
    buffer[:] = payload
    first = address_of(buffer)
    received = stream.decode_message(head, [buffer])
    part = received.data["a"].array[1, 5:9]
    del received, buffer
    other = memory.take(LARGE)
    other[:] = bytes(LARGE)
    assert address_of(other) != first
    assert np.array_equal(part, sent[1, 5:9])
    del part
    assert address_of(memory.take(LARGE)) == first


def test_memory_that_a_finalizer_revives_is_not_reused():
    memory = warmed_up()
    revived = []

    class Revived(Model):
        def __del__(self):
            revived.append(self.data)

    first = address_of(memory.take(LARGE))
    model = Revived(np.frombuffer(memory.take(LARGE), np.uint8)[7:])
    del model
    gc.collect()
    assert len(revived) == 1
    assert address_of(memory.take(LARGE)) != first
    revived.clear()
    assert address_of(memory.take(LARGE)) == first


def test_memory_that_only_a_weak_reference_refers_to_is_reused():
    memory = warmed_up()
    array = np.frombuffer(memory.take(LARGE), np.uint8)
    first = array.ctypes.data
    reference = weakref.ref(array)
    del array
    assert reference() is None
    assert address_of(memory.take(LARGE)) == first


def test_memory_has_the_requested_size():
    memory = SameSizeMemory()
    sizes = [LARGE, LARGE, LARGE + 1, 5, LARGE, 0]
    assert [len(memory.take(size)) for size in sizes] == sizes


def test_new_memory_can_be_written_to():
    memory = new_memory(3)
    memory.data[:] = b"abc"
    assert memory.tobytes() == b"abc"


def test_two_blocks_alternate_while_the_model_holds_its_last_message():
    memory = SameSizeMemory()
    held = memory.take(LARGE)
    addresses = []
    for _ in range(6):
        received = memory.take(LARGE)  # while the previous one is still referenced
        held = received
        addresses.append(address_of(held))
        del received
        gc.collect()
    assert len(set(addresses)) == 2
