"""A model without arrays does not import numpy, the slowest of all imports."""

import pytest

from tests.support.workspace import Workspace

COMPLETED = 0

MACRO = """\
import sys
from entrypoints.instance import Grid, Instance, Message, Operator, Settings

instance = Instance({{Operator.O_I: ["state_out"], Operator.S: ["state_in"]}})
while instance.reuse_instance():
    {sent}
    instance.send("state_out", Message(0.0, None, sent))
    received = instance.receive("state_in").data
    print({shown})
"""

MICRO = """\
import sys
from entrypoints.instance import Grid, Instance, Message, Operator

instance = Instance({Operator.F_INIT: ["init"], Operator.O_F: ["final"]})
print("numpy" in sys.modules)
while instance.reuse_instance():
    data = instance.receive("init").data
    instance.send("final", Message(0.0, None, data))
print("numpy" in sys.modules)
"""


def printed(workspace: Workspace, *, sent: str, shown: str) -> tuple[str, list[str]]:
    """Run a model whose micro model echoes what it receives; return what both print."""
    workspace.write("macro.py", MACRO.format(sent=sent, shown=shown))
    workspace.write("micro.py", MICRO)
    outcome = workspace.start_all()
    assert outcome.exit_code == COMPLETED, outcome.text
    macro, micro = (
        (workspace.run_dir / "instances" / name / "stdout.txt").read_text()
        for name in ("macro", "micro")
    )
    return macro, micro.split()


def test_run_without_arrays_does_not_import_numpy(workspace: Workspace):
    macro, micro = printed(
        workspace,
        sent="sent = [1, 1.5, 'x', b'y', {'z': 1j, 2: None}, Settings({'a': [0.5]})]",
        shown="received == sent, 'numpy' in sys.modules",
    )
    assert macro == "True False\n"
    assert micro == ["False", "False"]


@pytest.mark.parametrize("size", [3, 3000, 300_000], ids=["small", "large", "very large"])
def test_arrays_and_grids_arrive_in_a_model_that_has_not_imported_numpy(
    workspace: Workspace, size: int
):
    macro, micro = printed(
        workspace,
        sent=f"import numpy as np; sent = [np.arange({size}.0), Grid(np.ones({size}), ['x'])]",
        shown="received == [Grid(sent[0]), sent[1]]",
    )
    assert macro == "True\n"
    assert micro == ["False", "True"]
