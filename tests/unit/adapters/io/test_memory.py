"""Memory to receive into is used again, and never while somebody has it."""

import gc

import numpy as np

from adapters.io.memory import LARGE, SameSizeMemory, new_memory


def address_of(memory):
    return np.frombuffer(memory, np.uint8).ctypes.data


def test_memory_of_the_same_size_is_used_again_when_nobody_has_it_any_more():
    memory = SameSizeMemory()
    memory.take(LARGE)
    first = address_of(memory.take(LARGE))
    gc.collect()
    assert address_of(memory.take(LARGE)) == first


def test_memory_that_somebody_has_is_not_used_again():
    memory = SameSizeMemory()
    held = [memory.take(LARGE) for _ in range(4)]
    assert len({address_of(item) for item in held}) == 4
    assert {len(item) for item in held} == {LARGE}


def test_memory_has_the_size_that_is_asked_for():
    memory = SameSizeMemory()
    sizes = [LARGE, LARGE, LARGE + 1, 5, LARGE, 0]
    assert [len(memory.take(size)) for size in sizes] == sizes


def test_new_memory_can_be_written_to():
    memory = new_memory(3)
    memory.data[:] = b"abc"
    assert memory.tobytes() == b"abc"


def test_memory_is_used_in_turn_while_the_model_holds_its_last_message():
    memory = SameSizeMemory()
    held = memory.take(LARGE)
    addresses = []
    for _ in range(6):
        received = memory.take(LARGE)  # while the one before is still held
        held = received
        addresses.append(address_of(held))
        del received
        gc.collect()
    assert len(set(addresses)) == 2
