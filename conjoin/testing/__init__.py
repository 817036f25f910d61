"""Contract tests for adapters: the guarantees of each interface, as test classes for pytest.

Subclass the contract of the interface that your adapter implements, and define a method that
creates the adapter. pytest then runs all tests of the contract for it. The name of the subclass
must start with `Test`. `docs/adapters.md` has a complete example. pytest must be installed;
Conjoin's extra `testing` installs it.

Example:
    ::

        from conjoin.testing import SnapshotStoreContract

        class TestMySnapshotStore(SnapshotStoreContract):
            def make(self, folder):
                return MySnapshotStore(folder)
"""

import conjoin.testing._assertion_rewriting  # noqa: F401 - must precede the contracts
from conjoin.testing.agent_launcher import AgentLauncherContract, RunningAgentsContract
from conjoin.testing.clock import ClockContract
from conjoin.testing.event_sink import EventSinkContract
from conjoin.testing.logbook import LogbookContract
from conjoin.testing.profile_store import ProfileStoreContract
from conjoin.testing.run_script_writer import RunScriptWriterContract
from conjoin.testing.snapshot_store import PersistentSnapshotStoreContract, SnapshotStoreContract

__all__ = [
    "AgentLauncherContract",
    "ClockContract",
    "EventSinkContract",
    "LogbookContract",
    "PersistentSnapshotStoreContract",
    "ProfileStoreContract",
    "RunScriptWriterContract",
    "RunningAgentsContract",
    "SnapshotStoreContract",
]
