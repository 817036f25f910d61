"""The context of users' own sockets, in a new process."""

import subprocess
import sys

PROGRAM = """
import sys
from adapters.zeromq.context import close_shared_context, shared_context
assert "zmq.asyncio" not in sys.modules
first = shared_context()
assert shared_context() is first
assert type(first) is sys.modules["zmq.asyncio"].Context
close_shared_context()
assert first.closed
"""


def test_context_is_created_once_by_the_first_call():
    subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], check=True)
