"""A TCP proxy that cuts the connection between a client and a server at chosen points.

It knows the frames of the transport (see recording_proxy.py) and our own greeting before them.
A field is received completely before it is forwarded, so when a cut "before" a response happens,
the server has executed the request.
"""

import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple, TypeAlias

from tests.support.proxy import WORD, Proxy, Rewriter, Target, receive

Side: TypeAlias = Literal["server", "client"]
Field: TypeAlias = Literal[
    "hello", "answer", "proof", "session id", "number", "length", "payload", "goodbye"
]
Where: TypeAlias = Literal["before", "inside", "after"]

MAGIC = b"CONJOIN2"
_SIZES: dict[str, int] = {"head": 37, "answer": 64, "proof": 32}
_EXCHANGE_FIELDS = ("number", "length", "payload")


class Cut(NamedTuple):
    """A point at which to cut: before, inside or after a field on its way to one of the sides."""

    where: Where
    field: Field
    to: Side

    def __str__(self) -> str:
        return f"{self.where} the {self.field} to the {self.to}"


EXCHANGE_CUTS = (
    *(Cut(where, field, "server") for field in _EXCHANGE_FIELDS for where in ("before", "after")),
    Cut("inside", "payload", "server"),
    *(
        Cut(where, field, "client")
        for field in ("length", "payload")
        for where in ("before", "after")
    ),
    Cut("inside", "payload", "client"),
)
"""All cuts of a request and its response."""

RESUME_CUTS = tuple(
    Cut(where, "session id", to) for to in ("server", "client") for where in ("before", "after")
)
"""All cuts of a client that connects."""

GREETING_CUTS = tuple(
    Cut(where, field, to)
    for field, to in (("hello", "server"), ("answer", "client"), ("proof", "server"))
    for where in ("before", "inside", "after")
)
"""All cuts of our own greeting."""


def interleaved(connecting: Sequence[Cut]) -> list[Cut]:
    """Return the cuts of an exchange, with those of connecting distributed between them."""
    result: list[Cut] = []
    left = list(connecting)
    for number, cut in enumerate(EXCHANGE_CUTS):
        result.append(cut)
        share = -(-len(left) // (len(EXCHANGE_CUTS) - number))
        result += left[:share]
        del left[:share]
    return result


class _CutError(Exception):
    """The connection must be cut here."""


class CuttingProxy(Proxy):
    """Forwards everything to one server, and cuts at each point once.

    Args:
        target: Returns the server's address; called for each connection.
        cuts: The points at which to cut, in order. Each request is cut only once, so that the
            client does not begin to wait between retries; its response can be cut as well.
        rewrite: Changes a request on its way to the server.
    """

    def __init__(
        self,
        target: Target,
        cuts: Sequence[Cut],
        *,
        rewrite: Rewriter = bytes,
    ) -> None:
        self.left = list(cuts)
        self._rewrite = rewrite
        self._lock = threading.Lock()
        self._was_cut: set[tuple[int, int]] = set()
        super().__init__(target, name="cutting proxy")

    def relay(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(_CutError):
            _Relay(client, server, self._take, self._rewrite).run()

    def _take(self, cut: Cut, session: int, number: int) -> bool:
        """Return whether to cut here; if so, remove the cut from the remaining ones."""
        with self._lock:
            if not self.left or self.left[0] != cut:
                return False
            if cut.field in _EXCHANGE_FIELDS:
                if (session, number) in self._was_cut:
                    return False
                self._was_cut.add((session, number))
            del self.left[0]
            return True


class _Relay:
    """Relays one connection, field by field."""

    def __init__(
        self,
        client: socket.socket,
        server: socket.socket,
        take: Callable[[Cut, int, int], bool],
        rewrite: Rewriter,
    ) -> None:
        self._client = client
        self._server = server
        self._take = take
        self._rewrite = rewrite
        self._session = 0
        self._number = 0

    def run(self) -> None:
        first = receive(self._client, WORD)
        if first == MAGIC:
            head = receive(self._client, _SIZES["head"])
            lengths = head[-4:]
            size = int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
            hello = first + head + receive(self._client, size)
            self._pass_on("hello", "server", hello)
            self._pass_on("answer", "client", receive(self._server, _SIZES["answer"]))
            self._pass_on("proof", "server", receive(self._client, _SIZES["proof"]))
            first = receive(self._client, WORD)
        self._pass_on("session id", "server", first)
        session_id = receive(self._server, WORD)
        self._session = int.from_bytes(session_id, "little")
        self._pass_on("session id", "client", session_id)
        while self._pass_exchange():
            pass

    def _pass_exchange(self) -> bool:
        number = receive(self._client, WORD)
        self._number = int.from_bytes(number, "little")
        if not self._number:
            self._pass_on("goodbye", "server", number)
            return False
        self._pass_on("number", "server", number)
        self._pass_block(self._client, "server", self._rewrite)
        self._pass_block(self._server, "client", bytes)
        return True

    def _pass_block(self, source: socket.socket, to: Side, rewrite: Rewriter) -> None:
        length = int.from_bytes(receive(source, WORD), "little")
        payload = rewrite(receive(source, length))
        self._pass_on("length", to, len(payload).to_bytes(WORD, "little"))
        self._pass_on("payload", to, payload)

    def _pass_on(self, field: Field, to: Side, data: bytes) -> None:
        sink = self._server if to == "server" else self._client
        self._cut_if_wanted(Cut("before", field, to))
        if len(data) > 1 and self._is_wanted(Cut("inside", field, to)):
            sink.sendall(data[: len(data) // 2])
            raise _CutError
        sink.sendall(data)
        self._cut_if_wanted(Cut("after", field, to))

    def _cut_if_wanted(self, cut: Cut) -> None:
        if self._is_wanted(cut):
            raise _CutError

    def _is_wanted(self, cut: Cut) -> bool:
        return self._take(cut, self._session, self._number)
