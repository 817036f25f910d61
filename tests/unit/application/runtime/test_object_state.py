"""The state of objects of different kinds."""

from dataclasses import dataclass

import pytest

from application.runtime.object_state import set_state, state_of


class Plain:
    def __init__(self):
        self.x = 1


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self):
        self.x = 1


class Mixed(Slotted):
    def __init__(self):
        super().__init__()
        self.z = 3


@dataclass(frozen=True)
class Frozen:
    x: int = 1


class Own:
    def __init__(self):
        self.x = 1

    def __getstate__(self):
        return {"twice": 2 * self.x}

    def __setstate__(self, state):
        self.x = state["twice"] // 2


class OwnGetState(Plain):
    def __getstate__(self):
        return dict(vars(self))


@pytest.mark.parametrize("cls", [Plain, Slotted, Mixed, Frozen, Own, OwnGetState])
def test_state_makes_an_equal_object(cls):
    item = cls()
    copy = cls.__new__(cls)
    set_state(copy, state_of(item, cls))
    assert copy.x == 1
    assert getattr(copy, "z", None) == getattr(item, "z", None)


def test_slot_of_a_subclass_is_not_part_of_the_state():
    class Sub(Plain):
        __slots__ = ("extra",)

    item = Sub()
    item.extra = 2
    assert state_of(item, Plain) == ("plain", {"x": 1})


def test_slot_without_a_value_is_left_out():
    assert state_of(Slotted(), Slotted) == ("plain", {"x": 1})
