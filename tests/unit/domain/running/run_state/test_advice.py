"""Recognises common mistakes of users in the error output of their programs."""

import pytest

from domain.running.run_state.advice import advice_on

SCRIPT = "write 'args: $YMMSL_DIR/macro.py'"


@pytest.mark.parametrize(
    ("error_output", "advice"),
    [
        (
            "python: can't open file '/r/instances/macro/workdir/macro.py': [Errno 2]",
            SCRIPT,
        ),
        ("Fatal error: cannot open file 'macro.py': No such file or directory", SCRIPT),
        ('Can\'t open perl script "macro.py": No such file or directory', SCRIPT),
        ("bash: macro.py: No such file or directory", SCRIPT),
        ("ModuleNotFoundError: No module named 'entrypoints'", "does not have Conjoin"),
        ("ModuleNotFoundError: No module named 'conjoin.grid'", "does not have Conjoin"),
        ("ModuleNotFoundError: No module named 'libmuscle'", "does not have MUSCLE3"),
        ("/r/run_script.sh: line 9: exec: python: not found", "write 'executable: python3'"),
        ("run_script.sh: line 9: exec: solver: not found", "'executable: its absolute path'"),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: 'data/in.csv'",
            "pass '$YMMSL_DIR/data/in.csv'",
        ),
    ],
)
def test_advice_on_a_common_mistake(error_output, advice):
    assert advice in advice_on(f"something before\n{error_output}\n")


@pytest.mark.parametrize(
    "error_output",
    [
        "",
        "ModuleNotFoundError: No module named 'pandas'",
        "FileNotFoundError: [Errno 2] No such file or directory: '/data/in.csv'",
        "python: can't open file '/home/me/macro.py': [Errno 2] No such file or directory",
    ],
)
def test_other_errors_cause_no_advice(error_output):
    assert advice_on(error_output) is None
