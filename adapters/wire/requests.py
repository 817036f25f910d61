"""Tables of requests: one row defines everything about a kind of request.

A request on the wire is a list of its code and its arguments; a response is a list of a status and
values. A protocol declares each kind of request once, as a decorated function that calls its desk::

    @REQUESTS.immediate(2, TEXT, answer=PEERS)
    def get_peers(desk: ManagerDesk, instance: str) -> PeerInfo:
        return desk.get_peers(instance)

The decorator turns the function into a `Request`. Clients use it to encode the arguments of the
function, so mypy checks their calls, and to decode the answer. The server decodes received bytes
with the table, and executes the result at the desk. So a request cannot lack a handler.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, Concatenate, Final, Generic, ParamSpec, TypeAlias, TypeVar

from adapters.wire.packing import brief, pack, unpack, unpack_request
from domain.errors import CouplingError, RemoteProtocolError

Desk = TypeVar("Desk")
Value = TypeVar("Value")
Result = TypeVar("Result")
Reply = TypeVar("Reply")
Arguments = ParamSpec("Arguments")
Respond: TypeAlias = Callable[[Sequence[object]], None]

UNPACKING_ERRORS: Final = (TypeError, ValueError, LookupError, AttributeError, OverflowError)
"""The exceptions that unpacking values of the wrong type or shape raises."""


class Status(IntEnum):
    """The outcome of a request."""

    SUCCESS = 0
    ERROR = 1
    PENDING = 2


class Field(Generic[Value]):
    """How to encode an argument, as one value or several consecutive ones.

    Args:
        encode: Returns the values on the wire.
        decode: Returns the argument for `width` values, or for none if an older sender omits it.
            It raises one of UNPACKING_ERRORS.
        width: Number of values on the wire.
    """

    __slots__ = ("decode", "encode", "width")

    def __init__(
        self,
        encode: Callable[[Value], Sequence[object]],
        decode: Callable[..., Value],
        *,
        width: int = 1,
    ) -> None:
        self.encode = encode
        self.decode = decode
        self.width = width


class Answer(Generic[Result, Reply]):
    """How to encode the result of a request.

    Args:
        encode: Returns the response, status first, for the desk's result.
        decode: Returns the reply for the values of a successful response.
    """

    __slots__ = ("decode", "encode")

    def __init__(
        self,
        encode: Callable[[Result], Sequence[object]],
        decode: Callable[[list[Any]], Reply],
    ) -> None:
        self.encode = encode
        self.decode = decode


NOTHING: Final[Answer[None, None]] = Answer(lambda _: [Status.SUCCESS], lambda _: None)
"""The answer to a request that returns nothing."""


class Request(Generic[Arguments, Reply]):
    """A kind of request.

    Attributes:
        code: Its number on the wire.
        name: Name of the function that declares it.
        own_only: Whether it is an extension of ours, which must not be sent to MUSCLE3.
    """

    __slots__ = ("_answer", "_fields", "_handler", "_is_deferred", "code", "name", "own_only")

    def __init__(
        self,
        code: int,
        fields: tuple[Field[Any], ...],
        handler: Callable[..., Any],
        answer: Answer[Any, Reply],
        *,
        own_only: bool,
        is_deferred: bool,
    ) -> None:
        self.code = code
        self.name = handler.__name__
        self.own_only = own_only
        self._fields = fields
        self._handler = handler
        self._answer = answer
        self._is_deferred = is_deferred

    def __repr__(self) -> str:
        return f"<request {self.code}: {self.name}>"

    def encode(self, *arguments: Arguments.args, **_: Arguments.kwargs) -> bytes:
        """Return the bytes of a request with these arguments, all of them positional."""
        values: list[object] = [self.code]
        for field, argument in zip(self._fields, arguments, strict=True):
            values += field.encode(argument)
        return pack(values)

    def decode_answer(self, values: list[Any]) -> Reply:
        """Return the reply in the values of a successful response.

        Raises:
            RemoteProtocolError: If the values are not an answer to this request.
        """
        try:
            return self._answer.decode(values)
        except UNPACKING_ERRORS as error:
            msg = f"the manager sent an invalid answer to {self.name}: {error}"
            raise RemoteProtocolError(msg) from error

    def decode_arguments(self, values: list[Any]) -> list[Any]:
        """Return the arguments for the values that follow the code.

        Raises:
            TypeError: If their number or types are wrong; or another of UNPACKING_ERRORS.
        """
        arguments = []
        for field in self._fields:
            taken, values = values[: field.width], values[field.width :]
            arguments.append(field.decode(*taken))
        if values:
            msg = f"there are {len(values)} too many"
            raise TypeError(msg)
        return arguments

    def execute(self, desk: object, arguments: list[Any], respond: Respond) -> None:
        """Execute a received request, and respond immediately or later.

        Args:
            desk: The desk of this protocol.
            arguments: From `decode_arguments`.
            respond: Takes the response, once.
        """
        encode = self._answer.encode

        def respond_later(result: object) -> None:
            if isinstance(result, CouplingError):
                respond([Status.ERROR, str(result)])
            else:
                respond(encode(result))

        if self._is_deferred:
            self._handler(desk, *arguments, respond_later)
        else:
            respond(encode(self._handler(desk, *arguments)))


class ReceivedRequest(Generic[Desk]):
    """A request that has arrived.

    Attributes:
        request: Its kind.
        arguments: Its arguments, decoded.
    """

    __slots__ = ("arguments", "request")

    def __init__(self, request: Request[Any, Any], arguments: list[Any]) -> None:
        self.request = request
        self.arguments = arguments

    def encode(self) -> bytes:
        """Return the bytes of the request."""
        return self.request.encode(*self.arguments)

    def execute(self, desk: Desk, respond: Respond) -> None:
        """Execute the request at a desk, and pass the response to `respond`, now or later."""
        self.request.execute(desk, self.arguments, respond)


class RequestTable(Generic[Desk]):
    """The requests of one protocol, by code.

    Args:
        sender: Name of the senders of these requests in error messages.
    """

    def __init__(self, sender: str) -> None:
        self._sender = sender
        self._requests: dict[int, Request[Any, Any]] = {}

    def __iter__(self) -> Any:  # noqa: ANN401 - Iterator costs an import of collections.abc
        return iter(self._requests.values())

    def __contains__(self, code: int) -> bool:
        return code in self._requests

    def immediate(
        self,
        code: int,
        *fields: Field[Any],
        answer: Answer[Result, Reply],
        own_only: bool = False,
    ) -> Callable[[Callable[Concatenate[Desk, Arguments], Result]], Request[Arguments, Reply]]:
        """Declare a request that the desk answers immediately."""

        def declare(
            handler: Callable[Concatenate[Desk, Arguments], Result],
        ) -> Request[Arguments, Reply]:
            request: Request[Arguments, Reply] = Request(
                code, fields, handler, answer, own_only=own_only, is_deferred=False
            )
            self._add(request, handler, len(fields) + 1)
            return request

        return declare

    def deferred(
        self,
        code: int,
        field: Field[Value],
        *,
        answer: Answer[Result, Reply],
        own_only: bool = False,
    ) -> Callable[
        [Callable[[Desk, Value, Callable[[Result | CouplingError], None]], None]],
        Request[[Value], Reply],
    ]:
        """Declare a request that the desk answers later, by a callback with a result or error."""

        def declare(
            handler: Callable[[Desk, Value, Callable[[Result | CouplingError], None]], None],
        ) -> Request[[Value], Reply]:
            request: Request[[Value], Reply] = Request(
                code, (field,), handler, answer, own_only=own_only, is_deferred=True
            )
            self._add(request, handler, 3)
            return request

        return declare

    def decode(self, data: bytes) -> ReceivedRequest[Desk]:
        """Return the request in some bytes.

        Raises:
            RemoteProtocolError: If they are not a valid request of this protocol.
        """
        values = unpack_request(data)
        if not isinstance(values, list) or not values or not isinstance(values[0], int):
            msg = "a request must be a list that begins with an integer"
            raise RemoteProtocolError(msg)
        code, *rest = values
        request = self._requests.get(code)
        if request is None:
            msg = f"{self._sender} sent a request of unknown type {code}"
            raise RemoteProtocolError(msg)
        try:
            return ReceivedRequest(request, request.decode_arguments(rest))
        except UNPACKING_ERRORS as error:
            msg = f"{self._sender} sent {request.name} with invalid arguments: {error}"
            raise RemoteProtocolError(msg) from error

    def _add(self, request: Request[Any, Any], handler: Callable[..., Any], count: int) -> None:
        # checked at import, since mypy cannot compare the fields with the function's parameters
        if handler.__code__.co_argcount != count or request.code in self._requests:
            msg = f"{request!r} has the wrong number of fields, or a code that is already in use"
            raise TypeError(msg)
        self._requests[request.code] = request


def encode_error(message: str) -> bytes:
    """Return the response to a request that failed."""
    return pack([Status.ERROR, message])


def encode_pending(message: str) -> bytes:
    """Return the response to a request that the client should repeat later."""
    return pack([Status.PENDING, message])


def decode_response(data: bytes | memoryview) -> tuple[Status, list[Any]]:
    """Return the status of a response, and its values.

    Raises:
        RemoteProtocolError: If the bytes are not a response.
    """
    values = unpack(data)
    try:
        return Status(values[0]), values[1:]
    except UNPACKING_ERRORS as error:
        msg = f"the manager sent an invalid response: {brief(values)}"
        raise RemoteProtocolError(msg) from error
