"""Having all the programs of a run started, by agents on its nodes."""

from __future__ import annotations

import threading
from typing import final

from adapters.processes.node_inspector import LinuxNodeInspector
from adapters.ymmsl_files.checking.presence import missing_programs
from domain.errors import ConfigurationError, InsufficientResources, RunError, UsageError
from domain.model.configuration import Configuration
from domain.placement.planning import Plan, Planner
from domain.placement.resources import Resources
from domain.running.launcher_capabilities import LauncherCapabilities
from entrypoints._manager.outcome import Outcome
from entrypoints.containers.manager import OpenedManager
from entrypoints.options import ManagerOptions


@final
class RunStart:
    """Starts the programs of a run, once, on the thread of whoever asks for it.

    Args:
        configuration: What is run.
        options: How to work.
        outcome: How the run ends, which it may do before it has been started.
        capabilities: What the launcher of agents can do.
    """

    def __init__(
        self,
        configuration: Configuration,
        options: ManagerOptions,
        outcome: Outcome,
        capabilities: LauncherCapabilities,
    ) -> None:
        self._configuration = configuration
        self._options = options
        self._outcome = outcome
        self._capabilities = capabilities
        self._changed = threading.Condition()
        self._is_used = False
        self._available: Resources | None = None

    def check(self) -> list[str]:
        """Check whether it could be started on this machine.

        Returns:
            Warnings: instances will share cores, for example.

        Raises:
            ConfigurationError: If a program is not there or cannot be executed, or there are not
                enough cores and nothing may be oversubscribed.
        """
        self._check_programs()
        _, warnings = self._plan(Resources((LinuxNodeInspector().resources(),)))
        return warnings

    def begin(self) -> None:
        """Look whether it can be started, before anything is.

        Raises:
            ConfigurationError: If a program is not there or cannot be executed.
            UsageError: If it has been called before.
        """
        with self._changed:
            if self._is_used:
                msg = "start_all() was called twice: make a new Manager for another run."
                raise UsageError(msg)
            self._is_used = True
        if self._capabilities.is_this_machine:
            self._check_programs()

    def start(self, opened: OpenedManager) -> None:
        """Start agents, and have them start the programs. Blocks for a moment.

        Raises:
            ConfigurationError: If the model needs more cores than there are, and nothing may be
                oversubscribed.
            RunError: If the agents do not come up.
        """
        available = self._launch_agents(opened)
        if self._outcome.result is None:
            self._start_on(available, opened)

    def note_resources(self, available: Resources) -> None:
        """Take note of the nodes that the agents have found. May be called from any thread."""
        self._available = available
        self.wake()

    def wake(self) -> None:
        """Look whether the run is over already. May be called from any thread."""
        with self._changed:
            self._changed.notify_all()

    def _launch_agents(self, opened: OpenedManager) -> Resources:
        """Have an agent started on each node, and wait until they say what is there."""
        failure: Exception | None = None

        def note_failure(error: Exception) -> None:
            nonlocal failure
            failure = error
            self.wake()

        opened.loop.call_soon(
            lambda: opened.services.agents.launch(opened.launch, failed=note_failure)
        )
        with self._changed:
            self._changed.wait_for(lambda: self._available or failure or self._outcome.result)
        if failure is not None:
            raise failure
        available = self._available or Resources(())
        if not available.nodes and self._outcome.result is None:
            msg = "No node agent could be started; see the log of the run for the reason."
            raise RunError(msg)
        return available

    def _start_on(self, available: Resources, opened: OpenedManager) -> None:
        plan, warnings = self._plan(available)
        opened.profiles.add_resources(plan.resources)
        is_done = False
        failure: BaseException | None = None

        def start() -> None:
            nonlocal is_done, failure
            try:
                for warning in warnings:
                    opened.run_log.log.warning(warning)
                opened.services.control.start_all(
                    plan.resources,
                    environment={"MUSCLE_MANAGER": opened.launch.manager_locations[0]},
                    hidden_environment={"CONJOIN_SECRET": self._options.secret},
                    bind_to_cores=self._capabilities.binds_cores,
                )
            except Exception as error:  # noqa: BLE001 - raised again where start_all was called
                failure = error
            finally:
                is_done = True
                self.wake()

        opened.loop.call_soon(start)
        with self._changed:
            # a manager that is closed meanwhile makes no more calls
            self._changed.wait_for(lambda: is_done or self._outcome.result is not None)
        if failure is not None:
            raise failure

    def _check_programs(self) -> None:
        missing = missing_programs(self._configuration)
        if missing:
            raise ConfigurationError(*missing)

    def _plan(self, available: Resources) -> tuple[Plan, list[str]]:
        """Return a plan, and warnings about it."""
        planner = Planner(self._configuration)
        try:
            plan = planner.plan(available, oversubscribe=self._capabilities.may_oversubscribe)
        except InsufficientResources as error:
            raise ConfigurationError(str(error)) from error
        warning = planner.oversubscription(plan, available)
        return plan, [] if warning is None else [warning]
