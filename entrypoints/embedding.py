"""Running a coupled simulation from a program: what `entrypoints.manager` offers.

It is not there itself, because that module, run by `python -m`, needs the command line, which needs
this.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final

from dependency_injector import providers
from typing_extensions import Self

from adapters.filesystem.run_directory import FilesystemRunDirectory
from adapters.ymmsl_files.source import YmmslConfigurationSource
from application.interfaces.logbook import EventSink
from domain.configuration import Configuration
from domain.errors import ConfigurationError, RunError, UsageError
from domain.events import InstanceStatus, RunEvent, RunFinished
from domain.planning import Planner
from domain.resources import Resources
from entrypoints.containers.manager import ManagerContainer, ManagerOptions

RESOURCES_TIMEOUT: Final = 120.0
SHUTDOWN_TIMEOUT: Final = 15.0


class Manager:
    """Runs one simulation. To be used as a context manager.

    It installs no signal handlers, changes no global logging and reads no command line, and several
    can live in one process. All methods may be called from any thread.

    Args:
        sources: yMMSL files (paths), or configurations of the ymmsl library; merged in order. A
            single one needs no list.
        model: Name of the model to run, where there are several.
        run_dir: An existing directory for the files of the run; None for a new one,
            `run_<model>_<date>_<time>`, in the current directory.
        options: How to work.
        adapters: Other adapters to use, by the names of the container's providers: `clock`,
            `logbook`, `profiles`, `new_launcher`, `scripts`.

    Raises:
        ConfigurationError: If the configuration cannot be run; the text says why.
    """

    def __init__(
        self,
        sources: object,
        *,
        model: str | None = None,
        run_dir: str | Path | None = None,
        options: ManagerOptions | None = None,
        adapters: Mapping[str, object] | None = None,
    ) -> None:
        is_list = isinstance(sources, Sequence) and not isinstance(sources, str)
        self._source = YmmslConfigurationSource()
        self._configuration = self._source.load(
            list(sources) if is_list else [sources],  # type: ignore[call-overload]
            model=model,
        )
        self._run_dir = None if run_dir is None else Path(run_dir)
        self._options = options or ManagerOptions()
        self._adapters = dict(adapters or {})
        self._result: RunFinished | None = None
        self._is_over = threading.Event()
        self._resources = threading.Condition()
        self._available: Resources | None = None
        self._container: ManagerContainer | None = None

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def configuration(self) -> Configuration:
        """The flat configuration that is run."""
        return self._configuration

    @property
    def warnings(self) -> Sequence[str]:
        """What is strange about the configuration, without being wrong."""
        return self._source.warnings

    @property
    def run_directory(self) -> Path:
        """Where the files of the run are."""
        return Path(self._opened.run_directory().path)

    @property
    def location(self) -> str:
        """Where instances can reach the manager, for MUSCLE_MANAGER."""
        return str(self._opened.listening().locations[0])

    @property
    def secret(self) -> str:
        """Secret of this run, by which our own programs know each other."""
        return self._options.secret

    @property
    def instances_by_hand(self) -> set[str]:
        """Names of the instances that the user starts and that are not done."""
        return set(self._opened.control().by_hand)

    def start_all(self) -> None:
        """Start all programs, except those with execution model `manual`.

        Raises:
            ConfigurationError: If the model needs more cores than there are.
            RunError: If the agents that start programs do not come up.
        """
        container = self._opened
        agents = container.agents()
        loop = container.listening().server
        locations = container.listening().locations
        nodes = container.launcher().launch(
            agents.orders(locations, self._options.secret), on_lost=agents.node_lost
        )
        loop.call_soon(lambda: agents.expect(nodes))
        with self._resources:
            self._resources.wait_for(
                lambda: self._available is not None or self._is_over.is_set(), RESOURCES_TIMEOUT
            )
        if self._available is None or not self._available.nodes:
            msg = "No node agent could be started; see the log of the run for the reason."
            raise RunError(msg)
        self._start_on(self._available)

    def wait(self, timeout: float | None = None) -> RunFinished | None:
        """Wait until the run is over.

        Args:
            timeout: For how many seconds to wait; None for as long as it takes.

        Returns:
            How it ended, or None if the time was over first.
        """
        self._is_over.wait(timeout)
        return self._result

    async def finished(self) -> RunFinished:
        """Wait until the run is over, without blocking the event loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        def wake_up() -> None:
            if not future.done():
                future.set_result(None)

        unsubscribe = self.subscribe(
            lambda event: isinstance(event, RunFinished) and loop.call_soon_threadsafe(wake_up)
        )
        try:
            if self._result is None:
                await future
        finally:
            unsubscribe()
        assert self._result is not None
        return self._result

    def stop(self, reason: str = "The run was stopped by the user.") -> None:
        """Stop all programs, and the run. Returns at once; `wait` for the end."""
        container = self._opened
        container.listening().server.call_soon(lambda: container.control().stop(reason))

    def status(self) -> list[InstanceStatus]:
        """Return how each instance is at this moment."""
        return list(self._opened.board().all())

    def subscribe(self, callback: Callable[[RunEvent], object]) -> Callable[[], None]:
        """Call back for everything that happens from now on, on a thread named `conjoin-events`.

        A callback that raises is logged, and called again for the next event.

        Returns:
            A function that ends the subscription.
        """
        unsubscribe: Callable[[], None] = self._opened.events().subscribe(callback)
        return unsubscribe

    def watch(self, sink: EventSink) -> None:
        """Have a watcher told of everything from now on, on the manager's own thread.

        Args:
            sink: Must return at once and not raise; where that cannot be promised, use `subscribe`.
        """
        self._opened.board().watch(sink)

    def log_tail(self, lines: int = 50) -> str:
        """Return the last lines of the log of the run."""
        return str(self._opened.logbook().tail(lines=lines))

    def close(self) -> None:
        """Stop the run if it goes on, and let go of everything. May be called more than once."""
        container = self._container
        if container is None:
            return
        if self._result is None:
            self.stop("The manager was closed before the run was over.")
            self._is_over.wait(SHUTDOWN_TIMEOUT)
            self._send_agents_home(container)
        self._container = None
        container.shutdown_resources()

    def _send_agents_home(self, container: ManagerContainer) -> None:
        gone = threading.Event()
        agents = container.agents()
        container.listening().server.call_soon(lambda: agents.shutdown(on_done=gone.set))
        gone.wait(SHUTDOWN_TIMEOUT)

    @property
    def _opened(self) -> ManagerContainer:
        if self._container is None:
            msg = "Use a Manager as a context manager: with Manager(...) as manager: ..."
            raise UsageError(msg)
        return self._container

    def _open(self) -> None:
        directory = self._make_run_directory()
        directory.save_configuration(self._source.dump(self._configuration))
        container = ManagerContainer(
            options=providers.Object(self._options),
            configuration=providers.Object(self._configuration),
            run_directory=providers.Object(directory),
            on_finished=providers.Object(self._note_finished),
            on_resources=providers.Object(self._note_resources),
        )
        for name, adapter in self._adapters.items():
            container.providers[name].override(providers.Object(adapter))
        self._container = container
        try:
            container.init_resources()
            self._wire(container)
        except BaseException:
            self._container = None
            container.shutdown_resources()
            raise

    def _wire(self, container: ManagerContainer) -> None:
        agents = container.agents()
        container.relay().target = container.control()
        container.router().connect(instances=container.desk(), agents=agents)
        container.listening().server.start()

    def _make_run_directory(self) -> FilesystemRunDirectory:
        if self._run_dir is not None:
            return FilesystemRunDirectory.in_existing(self._run_dir)
        moment = datetime.now().astimezone()
        return FilesystemRunDirectory.create(
            self._configuration.model.name, parent=Path.cwd(), moment=moment
        )

    def _start_on(self, available: Resources) -> None:
        container = self._opened
        is_local = "new_launcher" not in self._adapters
        try:
            plan = Planner(self._configuration).plan(available, oversubscribe=is_local)
        except RunError as error:
            raise ConfigurationError(str(error)) from error
        container.profiles().add_resources(plan.resources)
        started = threading.Event()
        failure: list[BaseException] = []

        def start() -> None:
            try:
                container.control().start_all(
                    plan.resources,
                    environment={"MUSCLE_MANAGER": self.location},
                    hidden_environment={"CONJOIN_SECRET": self._options.secret},
                    bind_to_cores=not is_local,
                )
            except Exception as error:  # noqa: BLE001 - raised again where start_all was called
                failure.append(error)
            finally:
                started.set()

        container.listening().server.call_soon(start)
        started.wait()
        if failure:
            raise failure[0]

    def _note_resources(self, available: Resources) -> None:
        with self._resources:
            self._available = available
            self._resources.notify_all()

    def _note_finished(self, result: RunFinished) -> None:
        container = self._opened
        log = container.log()
        if result.succeeded:
            log.info("the simulation completed")
        else:
            log.error(f"the simulation failed: {result.cause}")

        def leave() -> None:
            self._result = result
            container.board().publish(result)
            self._is_over.set()
            with self._resources:
                self._resources.notify_all()

        container.agents().shutdown(on_done=leave)
