"""Requests of instances: from bytes to the desk and back."""

from __future__ import annotations

from typing import Final

from adapters.tcp.server import Reply
from adapters.wire import mmp
from adapters.wire.session_server import Request, Session
from application.interfaces.manager_desk import ManagerDesk, NotReadyError
from domain.coupling.peers import PeerInfo
from domain.errors import CouplingError, RemoteProtocolError

_SUCCESS: Final = mmp.encode_success()


def execute_instance_request(desk: ManagerDesk, received: Request, reply: Reply) -> None:
    """Have the desk execute an instance's request. Whatever goes wrong becomes an error response.

    The session is named after the instance for as long as that is registered.

    Args:
        desk: Executes it.
        received: The request.
        reply: Takes the response, at once or later.

    Raises:
        RemoteProtocolError: If it makes no sense; it has been answered nevertheless.
    """
    try:
        request = mmp.decode_request(received.body)
        if isinstance(request, mmp.AwaitPeers):
            desk.await_peers(
                request.instance, lambda peers: reply([_encode_peers(desk, request, peers)])
            )
            return
        if isinstance(request, mmp.AwaitCheckpointRequest):
            desk.await_checkpoint_request(
                request.instance, lambda reason: reply([mmp.encode_success(reason)])
            )
            return
        response = _execute(desk, request, received.session)
    except NotReadyError as error:
        response = mmp.encode_pending(str(error))
    except RemoteProtocolError as error:
        reply([mmp.encode_error(str(error))])
        raise
    except CouplingError as error:
        response = mmp.encode_error(str(error))
    except Exception as error:
        reply([mmp.encode_error(f"the manager made a mistake, see its log: {error!r}")])
        raise
    reply([response])


def _execute(desk: ManagerDesk, request: mmp.Request, session: Session) -> bytes:
    match request:
        case mmp.RegisterInstance(instance, locations, ports, version):
            registration = desk.register_instance(instance, locations, ports, version)
            session.client = instance
            if registration.is_dialect_0_10:
                return _SUCCESS
            return mmp.encode_success(registration.timeline)
        case mmp.GetPeers(instance):
            return _encode_peers(desk, request, desk.get_peers(instance))
        case mmp.DeregisterInstance(instance):
            desk.deregister_instance(instance)
            session.client = ""
        case mmp.GetSettings():
            return mmp.encode_success(desk.get_settings().as_dict())
        case mmp.SubmitLogMessage(record):
            desk.submit_log_message(record)
        case mmp.SubmitProfileEvents(instance, events):
            desk.submit_profile_events(instance, events)
        case mmp.SubmitSnapshot(instance, metadata):
            desk.submit_snapshot(instance, metadata)
        case mmp.GetCheckpointInfo(instance):
            info = desk.get_checkpoint_info(instance)
            return mmp.encode_success(*mmp.encode_checkpoint_info(info))
        case mmp.WaitingForReceive(wait):
            desk.waiting_for_receive(wait)
        case mmp.WaitingForReceiveDone(wait):
            desk.waiting_for_receive_done(wait)
        case mmp.IsDeadlocked(instance):
            return mmp.encode_success(desk.is_deadlocked(instance))
        case mmp.ReportSnapshotFailed(instance, problem):
            desk.report_snapshot_failed(instance, problem)
        case mmp.ReportFailed(instance, problem, kind):
            desk.report_failed(instance, problem, kind=kind)
        case mmp.ReportStatus(instance, simulated_time, waiting):
            desk.report_status(instance, simulated_time, waiting)
        case _:
            msg = f"a {type(request).__name__} cannot be executed here"
            raise RemoteProtocolError(msg)
    return _SUCCESS


def _encode_peers(
    desk: ManagerDesk, request: mmp.GetPeers | mmp.AwaitPeers, peers: PeerInfo
) -> bytes:
    old = desk.is_dialect_0_10(request.instance)
    return mmp.encode_success(*mmp.encode_peers(peers, dialect_0_10=old))
