"""Conjoin couples simulation programs into one multiscale model and runs it.

This package is what users import. It defines nothing itself: each name is taken from the import
root that defines it, when it is first used. A model that uses `Instance` does not load the manager.

`conjoin.errors`, `conjoin.events`, `conjoin.configuration` and `conjoin.interfaces` have the
names that fewer programs need; `conjoin.testing` has the contract tests for adapters.

Example:
    A micro model, which the manager starts::

        from conjoin import Instance, Message, Operator

        instance = Instance({Operator.F_INIT: ["initial_state"], Operator.O_F: ["final_state"]})
        while instance.reuse_instance():
            dt = instance.get_setting("dt", "float")
            received = instance.receive("initial_state")
            state = received.data.array * (1.0 + dt)
            instance.send("final_state", Message(received.timestamp, data=state))

    A program that runs a model::

        from conjoin import Manager

        with Manager("model.ymmsl") as manager:
            manager.start_all()
            result = manager.wait()
"""

from importlib import import_module
from typing import TYPE_CHECKING

from conjoin._installation import check_installation

if TYPE_CHECKING:
    from domain.coupling.settings import SettingValue
    from entrypoints.instance import (
        DONT_APPLY_OVERLAY,
        KEEPS_NO_STATE_FOR_NEXT_USE,
        SKIP_MMSF_SEQUENCE_CHECKS,
        STATE_NOT_REQUIRED_FOR_NEXT_USE,
        USES_CHECKPOINT_API,
        Grid,
        Instance,
        InstanceFlags,
        Message,
        Operator,
        Settings,
        run_simulation,
    )
    from entrypoints.manager import Manager
    from entrypoints.options import Adapters, AgentTimeouts, CheckpointOptions, ManagerOptions

    __version__: str

__all__ = [
    "DONT_APPLY_OVERLAY",
    "KEEPS_NO_STATE_FOR_NEXT_USE",
    "SKIP_MMSF_SEQUENCE_CHECKS",
    "STATE_NOT_REQUIRED_FOR_NEXT_USE",
    "USES_CHECKPOINT_API",
    "Adapters",
    "AgentTimeouts",
    "CheckpointOptions",
    "Grid",
    "Instance",
    "InstanceFlags",
    "Manager",
    "ManagerOptions",
    "Message",
    "Operator",
    "SettingValue",
    "Settings",
    "__version__",
    "run_simulation",
]

_NAMES_IN_OTHER_MODULES = {
    "Adapters": "entrypoints.options",
    "AgentTimeouts": "entrypoints.options",
    "CheckpointOptions": "entrypoints.options",
    "Manager": "entrypoints.manager",
    "ManagerOptions": "entrypoints.options",
    "SettingValue": "domain.coupling.settings",
}
"""Modules that define the names that are not in `entrypoints.instance`."""

check_installation()

# Hidden from type checkers, which accept any attribute of a module with a __getattr__.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a public name when it is first used."""
        if name == "__version__":
            value = import_module("domain.version").VERSION
        elif name in __all__:
            module = _NAMES_IN_OTHER_MODULES.get(name, "entrypoints.instance")
            value = getattr(import_module(module), name)
        else:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        globals()[name] = value  # Cache it: the next access does not call this.
        return value


def __dir__() -> list[str]:
    """Return the public names, loaded or not."""
    return sorted({*globals(), *__all__})
