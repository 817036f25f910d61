"""Cyclic garbage collection in Conjoin's own programs."""

import subprocess
import sys

PROGRAM = """\
import gc
from entrypoints._garbage import collect_rarely
collect_rarely()
gc.callbacks.append(lambda phase, info: print(phase, info["collected"]))
node = []
node.append(node)
del node
"""


def test_last_collection_of_a_process_skips_all_objects():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {line.split()[1] for line in done.stdout.splitlines()} <= {"0"}
