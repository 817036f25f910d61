"""Tests of the cores that a user declares for a node."""

from domain.placement.declared_cores import declared_cores
from domain.placement.resources import Core

DETECTED = frozenset({Core(0, frozenset({0, 2})), Core(4, frozenset({1, 3}))})


def test_fewer_declared_cores_are_the_first_detected_ones():
    assert declared_cores(DETECTED, 1) == {Core(0, frozenset({0, 2}))}


def test_as_many_declared_cores_are_the_detected_ones():
    assert declared_cores(DETECTED, 2) == DETECTED


def test_more_declared_cores_share_hardware_threads_in_turns():
    assert declared_cores(DETECTED, 5) == DETECTED | {
        Core(5, frozenset({0, 2})),
        Core(6, frozenset({1, 3})),
        Core(7, frozenset({0, 2})),
    }


def test_declared_cores_need_no_detected_cores():
    assert {core.core_id for core in declared_cores(frozenset(), 3)} == {0, 1, 2}
