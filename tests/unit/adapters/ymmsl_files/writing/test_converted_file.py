"""Writing v0.1 files as v0.2 files."""

import pytest

from adapters.ymmsl_files.writing.converted_file import converted
from domain.errors import ConfigurationError
from tests.unit.adapters.ymmsl_files.models import load, warnings_of

OLD = """ymmsl_version: v0.1
model:
  name: m
  components:
    sim: {implementation: p, ports: {o_i: [boundary, state], s: forces}, multiplicity: 2}
    other: {implementation: q, ports: {o_i: boundary, s: forces}, multiplicity: 2}
    view: {implementation: q, ports: {f_init: in}, multiplicity: 2}
  conduits:
    sim.boundary: other.forces
    other.boundary: sim.forces
    sim.state: view.in
settings: {a: 1.5, b: [1, 2]}
implementations:
  p: {executable: /bin/true, args: ARGS, container: x.sif}
  q: {script: "#!/bin/bash\\nexit 0\\n"}
resources:
  sim: {threads: 2, gpus: 1}
  other: {gpus: 2}
checkpoints: {at_end: true}
"""


@pytest.mark.parametrize(
    "args", ["-n $MUSCLE_THREADS", "[-n $MUSCLE_THREADS]", "[-n, $MUSCLE_THREADS]"]
)
def test_converted_file_means_the_same_as_the_v0_1_file(args):
    old = OLD.replace("ARGS", args)
    new = converted(old, [])
    assert load(new) == load(old)
    assert warnings_of(new) == []


def test_converted_file_spells_out_timelines():
    new = converted(OLD.replace("ARGS", "-n"), [])
    assert "sim: other\n" in new
    assert "timeline state:" in new


def test_v0_2_file_is_rejected():
    with pytest.raises(ConfigurationError, match=r"this is a v0\.2 file already"):
        converted("ymmsl_version: v0.2\nsettings: {a: 1}\n", [])
