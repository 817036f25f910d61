"""Executes the requests of instances at their desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from adapters.tcp.server import Reply
from adapters.wire import mmp
from adapters.wire.packing import pack
from adapters.wire.requests import ReceivedRequest, encode_error, encode_pending
from adapters.wire.session_server import Request, Session
from application.interfaces.admission import Admission, Client
from application.interfaces.manager_desk import ManagerDesk, NotReadyError
from domain.errors import CouplingError, RemoteProtocolError


def execute_instance_request(
    desk: ManagerDesk, received: Request, reply: Reply, *, admission: Admission
) -> None:
    """Execute an instance's request; every error becomes an error response.

    While the instance is registered, its session carries its name.

    Args:
        desk: Executes the request.
        received: The request.
        reply: Takes the response, now or later.
        admission: Decides whether the client may make the request.

    Raises:
        RemoteProtocolError: If the request is invalid; an error response has been sent.
    """

    def respond(response: Sequence[object]) -> None:
        # do this before the reply, which may detect that the connection is lost
        _name_session(received.session, request)
        reply([pack(response)])

    try:
        request = mmp.REQUESTS.decode(received.body)
        client = received.session.owner
        if request.request is mmp.register_instance:
            _register(
                admission, client, request.arguments[0], lambda: request.execute(desk, respond)
            )
        else:
            admission.check_request(client, mmp.instance_of(request))
            request.execute(desk, respond)
    except NotReadyError as error:
        reply([encode_pending(str(error))])
    except RemoteProtocolError as error:
        reply([encode_error(str(error))])
        raise
    except CouplingError as error:
        reply([encode_error(str(error))])
    except Exception as error:
        reply([encode_error(f"internal error in the manager; see its log: {error!r}")])
        raise


def _register(
    admission: Admission, client: Client, instance: str, register: Callable[[], None]
) -> None:
    """Register an instance if its client may do so, and record the result."""
    try:
        admission.check_registration(client, instance)
        register()
    except Exception as error:
        admission.note_registration(client, instance, refusal=str(error))
        raise
    admission.note_registration(client, instance, refusal=None)


def _name_session(session: Session, received: ReceivedRequest[ManagerDesk]) -> None:
    if received.request is mmp.register_instance:
        session.client = received.arguments[0]
    elif received.request is mmp.deregister_instance:
        session.client = ""
