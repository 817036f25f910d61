"""The context of users' own sockets, in a new process."""

import subprocess
import sys

PROGRAM = """
import sys
from adapters.zeromq.context import asyncio_context
assert "zmq.asyncio" not in sys.modules
first = asyncio_context()
assert asyncio_context() is first
assert type(first) is sys.modules["zmq.asyncio"].Context
first.term()
"""


def test_context_is_created_once_by_the_first_call():
    subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], check=True)
