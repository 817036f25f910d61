import os

import pytest

from adapters.embedded.usage import ProcessMeter

TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture
def proc(tmp_path):
    (tmp_path / "7").mkdir()
    return tmp_path


def write(proc, *, user, system, pages):
    fields = ["S", *["0"] * 10, str(user), str(system), *["0"] * 8, str(pages)]
    (proc / "7" / "stat").write_text(f"7 (a) name) {' '.join(fields)} 0 0")


def test_first_sample_has_no_cpu(proc):
    write(proc, user=500, system=0, pages=3)
    assert ProcessMeter(7, proc=str(proc)).sample(now=1.0) == (0.0, 3 * os.sysconf("SC_PAGE_SIZE"))


def test_cpu_is_the_percentage_of_a_core_since_the_previous_sample(proc):
    meter = ProcessMeter(7, proc=str(proc))
    write(proc, user=0, system=0, pages=1)
    meter.sample(now=1.0)
    write(proc, user=TICKS, system=TICKS, pages=1)
    assert meter.sample(now=5.0)[0] == pytest.approx(50.0)


def test_process_that_has_ended_uses_nothing(proc):
    assert ProcessMeter(99, proc=str(proc)).sample() == (0.0, 0)
