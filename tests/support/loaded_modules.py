"""Lists the modules that a program imports, since instances and agents must start fast."""

import subprocess
import sys


def loaded_by(code: str) -> set[str]:
    """Return the names of the modules that a new process imports while it runs some code."""
    program = f"import sys\nbefore = set(sys.modules)\n{code}\n"
    program += "print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())
