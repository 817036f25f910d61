"""The errors that Conjoin raises; see `domain.errors` for their hierarchy.

Example:
    ::

        from conjoin import Manager
        from conjoin.errors import ConfigurationError

        try:
            manager = Manager("model.ymmsl")
        except ConfigurationError as error:
            print(error)
"""

from domain.errors import (
    ArgumentInvalid,
    ArgumentMismatch,
    CallOrderError,
    ConfigurationError,
    CouplingError,
    DataTooLarge,
    Deadlock,
    ForeignSnapshot,
    ImplementationMissing,
    InconsistentSnapshot,
    InstanceFailed,
    InsufficientResources,
    LocalProtocolError,
    ManagerRefused,
    PeerFinished,
    PeerLost,
    PeerUnreachable,
    PortClosed,
    PortError,
    PortMissing,
    ProtocolError,
    RemoteProtocolError,
    RunError,
    SettingMismatch,
    SettingMissing,
    SnapshotNotStored,
    TransportError,
    UnsendableData,
    UsageError,
)

__all__ = [
    "ArgumentInvalid",
    "ArgumentMismatch",
    "CallOrderError",
    "ConfigurationError",
    "CouplingError",
    "DataTooLarge",
    "Deadlock",
    "ForeignSnapshot",
    "ImplementationMissing",
    "InconsistentSnapshot",
    "InstanceFailed",
    "InsufficientResources",
    "LocalProtocolError",
    "ManagerRefused",
    "PeerLost",
    "PeerUnreachable",
    "PeerFinished",
    "PortClosed",
    "PortError",
    "PortMissing",
    "ProtocolError",
    "RemoteProtocolError",
    "RunError",
    "SettingMismatch",
    "SettingMissing",
    "SnapshotNotStored",
    "TransportError",
    "UnsendableData",
    "UsageError",
]
