"""The manager: runs a coupled simulation, from another program or from the command line.

Users import `Manager` from `conjoin`; this module stays for programs that import it from here.

Example:
    ::

        from conjoin import Manager

        with Manager(["model.ymmsl"]) as manager:
            manager.start_all()
            result = manager.wait()
        print(result.succeeded, result.cause)
"""

from __future__ import annotations

if __name__ == "__main__":
    from entrypoints.bootstrap import prepare_process

    prepare_process()

from entrypoints._manager.manager_api import Manager
from entrypoints.options import Adapters, AgentTimeouts, CheckpointOptions, ManagerOptions

__all__ = ["Adapters", "AgentTimeouts", "CheckpointOptions", "Manager", "ManagerOptions"]

if __name__ == "__main__":
    from entrypoints.command_line import run_manager

    run_manager()
