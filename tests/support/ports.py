"""Reserved ports on which no program listens, and which no other program gets.

A port that was released after listening is free for any program: a concurrent test may get it, or
the socket that checks whether a program listens on it.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

HOST = "127.0.0.1"


@contextmanager
def held_port(host: str = HOST) -> Iterator[int]:
    """Hold a port: only a program that requests its number can listen on it.

    Args:
        host: The address; empty for all addresses of this machine.
    """
    with socket.socket() as holder:
        # also lets other programs listen, but only by number
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((host, 0))
        yield holder.getsockname()[1]
