"""Ports at which nobody listens, and which nobody else is given meanwhile.

A port that was listened on and let go of is free for anybody: another test that runs at the same
time may be given it, and so may the very socket that looks whether somebody is there.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

HOST = "127.0.0.1"


@contextmanager
def held_port(host: str = HOST) -> Iterator[int]:
    """Hold a port: only who asks for it by its number can listen there.

    Args:
        host: On which address; none for all that this machine has.
    """
    with socket.socket() as holder:
        # so that it can be listened on beside us, but by number only
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((host, 0))
        yield holder.getsockname()[1]
