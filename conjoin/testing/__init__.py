"""Contract tests for adapters: the promises of each interface, as test classes for pytest.

Subclass the contract of the interface that your adapter implements, and define how to make the
adapter. pytest then runs all tests of the contract for it. The subclass needs a name that starts
with `Test`. `docs/adapters.md` has a complete example. pytest has to be installed: Conjoin has an
extra `testing` for that.

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
