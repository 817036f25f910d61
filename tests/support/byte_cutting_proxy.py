"""A TCP proxy that cuts connections after numbers of bytes, whatever protocol they carry."""

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence


class ByteCuttingProxy:
    """Forwards bytes, and cuts each connection after a number of bytes in one direction.

    Args:
        target: The address to forward them to.
        cuts: Bytes after which the next connections are cut; later connections are not cut.
        towards_client: Whether the bytes that the server sends are counted.
        host: Address to listen on.

    Attributes:
        seen: All bytes that have passed, in either direction.
    """

    def __init__(
        self,
        target: tuple[str, int],
        cuts: Sequence[int] = (),
        *,
        towards_client: bool = True,
        host: str = "127.0.0.1",
    ) -> None:
        self._target = target
        self._cuts = list(cuts)
        self.seen = bytearray()
        self._towards_client = towards_client
        self._listener = socket.create_server((host, 0))
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = [self._listener]
        self._start(self._accept)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def all_cut(self) -> bool:
        return not self._cuts

    def close(self) -> None:
        for sock in self._sockets:
            _shut(sock)
        for thread in self._threads:
            thread.join()

    def _start(self, action: Callable[[], None]) -> None:
        thread = threading.Thread(target=action, name="cutting proxy")
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            self._sockets += [client, server]
            limit = self._cuts.pop(0) if self._cuts else None
            down, up = (limit, None) if self._towards_client else (None, limit)
            self._start(lambda a=server, b=client, n=down: _pump(a, b, n, self.seen))
            self._start(lambda a=client, b=server, n=up: _pump(a, b, n, self.seen))


def _pump(source: socket.socket, sink: socket.socket, limit: int | None, seen: bytearray) -> None:
    left = float("inf") if limit is None else limit
    try:
        while left > 0:
            data = source.recv(int(min(65536, left)))
            if not data:
                break
            seen += data
            sink.sendall(data)
            left -= len(data)
    except OSError:
        pass
    _shut(source)
    _shut(sink)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
