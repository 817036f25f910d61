"""The interfaces for your own adapters, and the types that their methods use.

`conjoin.Adapters` and `Manager.watch` accept implementations of these interfaces. The docstrings
specify what an implementation must guarantee; `conjoin.testing` contains tests for that.
"""

from adapters.wire.agent_orders import encode_orders
from application.interfaces.agents import AgentLauncher
from application.interfaces.clock import Clock
from application.interfaces.logbook import EventSink, Logbook
from application.interfaces.profile_store import ProfileStore
from application.interfaces.run_script_writer import RunScriptWriter, ScriptOrder
from application.interfaces.snapshot_store import SnapshotStore
from domain.coupling.messages import LogRecord
from domain.coupling.ports import Operator
from domain.identity import Reference
from domain.model.configuration import Program, ResourceRequirements
from domain.placement.resources import Core, Gpu, GpuKind, NodeResources, Resources
from domain.running.agents import AgentOrders
from domain.running.events import RunEvent
from domain.running.launcher_capabilities import LauncherCapabilities
from domain.running.log_levels import LogLevel
from domain.running.profiling import ProfileEvent, ProfileEventType

__all__ = [
    "AgentLauncher",
    "AgentOrders",
    "Clock",
    "Core",
    "EventSink",
    "Gpu",
    "GpuKind",
    "LauncherCapabilities",
    "LogLevel",
    "LogRecord",
    "Logbook",
    "NodeResources",
    "Operator",
    "ProfileEvent",
    "ProfileEventType",
    "ProfileStore",
    "Program",
    "Reference",
    "ResourceRequirements",
    "Resources",
    "RunEvent",
    "RunScriptWriter",
    "ScriptOrder",
    "SnapshotStore",
    "encode_orders",
]
