"""Accounting of a runtime."""

import pytest

from adapters.in_memory.own_process import InMemoryOwnProcess
from application.runtime.accounting import Accounting


@pytest.fixture
def accounting():
    return Accounting(own_process=InMemoryOwnProcess(rss=40, limit=100))


@pytest.mark.parametrize(("nbytes", "fits"), [(59, True), (60, False)])
def test_bytes_fit_beside_those_that_are_used(accounting, nbytes, fits):
    assert accounting.fits_in_memory(nbytes) is fits


def test_committed_bytes_do_not_fit_any_more(accounting):
    accounting.inc_committed_mem(30)
    assert not accounting.fits_in_memory(30)
    accounting.dec_committed_mem(30)
    assert accounting.fits_in_memory(30)


def test_counters_never_fall_below_zero(accounting):
    accounting.dec_committed_mem(1)
    accounting.dec_pending_tasks()
    accounting.dec_running_tasks()
    assert (accounting.committed, accounting.pending, accounting.running) == (0, 0, 0)


def test_tasks_are_counted(accounting):
    accounting.inc_pending_tasks()
    accounting.inc_running_tasks()
    accounting.inc_running_tasks()
    accounting.dec_running_tasks()
    assert (accounting.pending, accounting.running) == (1, 1)


def test_limit_and_load_are_those_of_the_process(accounting):
    assert accounting.memory_limit() == 100
    assert accounting.cpu_load() == 0
    assert accounting.ps_process is accounting.ps_process
