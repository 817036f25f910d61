"""The API that a model imports to take part in a coupled simulation.

Users import these names from `conjoin`; this module stays for models that import them from here.

Example:
    A micro model, which the manager starts::

        from conjoin import Instance, Message, Operator

        instance = Instance({Operator.F_INIT: ["initial_state"], Operator.O_F: ["final_state"]})
        while instance.reuse_instance():
            dt = instance.get_setting("dt", "float")
            received = instance.receive("initial_state")
            state = received.data.array * (1.0 + dt)
            instance.send("final_state", Message(received.timestamp, data=state))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NoReturn, overload

from domain.coupling.flags import InstanceFlags
from domain.coupling.grid import Grid
from domain.coupling.messages import Message
from domain.coupling.ports import Operator
from domain.coupling.settings import (
    BoolType,
    Floats,
    FloatsType,
    FloatTable,
    FloatTableType,
    FloatType,
    Ints,
    IntsType,
    IntType,
    Settings,
    SettingValue,
    StrType,
    names_to_try,
    setting_type,
    settings_of,
)
from domain.errors import ArgumentInvalid, ArgumentMismatch, SettingMissing
from entrypoints._instance.tracebacks import hide_internals

if TYPE_CHECKING:
    from application.instance.lifecycle import Lifecycle
    from domain.running.events import RunFinished

DONT_APPLY_OVERLAY: Final = InstanceFlags.DONT_APPLY_OVERLAY
USES_CHECKPOINT_API: Final = InstanceFlags.USES_CHECKPOINT_API
KEEPS_NO_STATE_FOR_NEXT_USE: Final = InstanceFlags.KEEPS_NO_STATE_FOR_NEXT_USE
STATE_NOT_REQUIRED_FOR_NEXT_USE: Final = InstanceFlags.STATE_NOT_REQUIRED_FOR_NEXT_USE
SKIP_MMSF_SEQUENCE_CHECKS: Final = InstanceFlags.SKIP_MMSF_SEQUENCE_CHECKS


class Instance:
    """This program, as one instance of a component of the model.

    It reads its name and the location of the manager from the command line (`--muscle-instance=`,
    `--muscle-manager=`) or the environment (`MUSCLE_INSTANCE`, `MUSCLE_MANAGER`). The manager sets
    these when it starts the program; otherwise the user must.

    Args:
        ports: Names of the ports, by operator; a name that ends in `[]` is a vector port. None
            takes the ports from the yMMSL file.
        flags: Flags that describe the model.

    Raises:
        ConfigurationError: If neither of these gives the name of the instance.
        RuntimeError: If the instance cannot take part; the message says why and what to do.

    Example:
        >>> instance = Instance({Operator.O_I: ["state_out"], Operator.S: ["state_in"]})
    """

    @hide_internals
    def __init__(
        self,
        ports: Mapping[Operator, Sequence[str]] | None = None,
        flags: InstanceFlags = InstanceFlags(0),  # noqa: B008 - a constant
    ) -> None:
        # Imported lazily: this takes longer than the imports that defining a model needs.
        from entrypoints._instance.instance_wiring import join_simulation

        self._lifecycle = join_simulation(ports, _own_flags(flags))

    @hide_internals
    def reuse_instance(self) -> bool:
        """Begin the next pass of the reuse loop.

        This waits for the messages on F_INIT, applies new settings, and returns whether there is
        another pass. If there is none, the instance has shut down and can no longer be used.

        Returns:
            Whether to run the model once more.

        Raises:
            RuntimeError: If the previous pass is not complete, or the coupling failed.

        Example:
            >>> while instance.reuse_instance():
            ...     ...
        """
        return self._lifecycle.reuse_instance()

    @hide_internals
    def error_shutdown(self, message: str) -> None:
        """Report an error to the manager, and close and drain all ports.

        This keeps peers from waiting for this instance. Draining ends after 5 seconds, or after 60
        with MUSCLE3's manager. The program should exit with a non-zero code after this.

        Args:
            message: The error message.
        """
        self._lifecycle.error_shutdown(message)

    @hide_internals
    def list_settings(self) -> list[str]:
        """Return the sorted names of all settings that this instance can get."""
        return self._lifecycle.list_settings()

    @overload
    def get_setting(self, name: str, typ: BoolType, *, default: bool | None = None) -> bool: ...
    @overload
    def get_setting(self, name: str, typ: IntType, *, default: int | None = None) -> int: ...
    @overload
    def get_setting(self, name: str, typ: FloatType, *, default: float | None = None) -> float: ...
    @overload
    def get_setting(self, name: str, typ: StrType, *, default: str | None = None) -> str: ...
    @overload
    def get_setting(self, name: str, typ: IntsType, *, default: Ints | None = None) -> Ints: ...
    @overload
    def get_setting(
        self, name: str, typ: FloatsType, *, default: Floats | None = None
    ) -> Floats: ...
    @overload
    def get_setting(
        self, name: str, typ: FloatTableType, *, default: FloatTable | None = None
    ) -> FloatTable: ...
    @overload
    def get_setting(
        self, name: str, typ: str | None = None, *, default: SettingValue | None = None
    ) -> SettingValue: ...
    @hide_internals
    def get_setting(
        self, name: str, typ: object = None, *, default: SettingValue | None = None
    ) -> SettingValue:
        """Return the value of a setting.

        Args:
            name: Its name, without any prefix.
            typ: Type that it must have: one of "str", "int", "float", "bool", "[int]", "[float]"
                and "[[float]]", or the type itself, such as `float` or `list[int]`. If a float is
                requested, an int is accepted and converted.
            default: What to return if it is not set.

        Raises:
            KeyError: If it is not set, and there is no default.
            TypeError: If it has another type.
            ValueError: If `typ` is none of the above.

        Example:
            >>> dt = instance.get_setting("dt", "float", default=0.1)
        """
        wanted = None if typ is None else setting_type(typ)
        return self._lifecycle.get_setting(name, wanted, _default(self._lifecycle, name, default))

    @hide_internals
    def list_ports(self) -> dict[Operator, list[str]]:
        """Return the names of the ports, by operator."""
        return self._lifecycle.list_ports()

    @hide_internals
    def is_connected(self, port: str) -> bool:
        """Return whether a conduit is attached to a port.

        Raises:
            KeyError: If there is no such port.
        """
        return self._lifecycle.port(port).is_connected

    @hide_internals
    def is_vector_port(self, port: str) -> bool:
        """Return whether a port has slots.

        Raises:
            KeyError: If there is no such port.
        """
        return self._lifecycle.port(port).is_vector

    @hide_internals
    def is_resizable(self, port: str) -> bool:
        """Return whether a port has slots, and its sender can change how many.

        Raises:
            KeyError: If there is no such port.
        """
        return self._lifecycle.port(port).is_resizable

    @hide_internals
    def get_port_length(self, port: str) -> int:
        """Return the number of slots of a vector port.

        Raises:
            KeyError: If there is no such port.
            RuntimeError: If it is a scalar port.
        """
        return self._lifecycle.vector_port(port).length or 0

    @hide_internals
    def set_port_length(self, port: str, length: int) -> None:
        """Change the number of slots of a resizable port.

        Raises:
            KeyError: If there is no such port.
            RuntimeError: If it is not resizable.

        Example:
            >>> instance.set_port_length("out", len(states))
            >>> for slot, state in enumerate(states):
            ...     instance.send("out", Message(t, data=state), slot)
        """
        self._lifecycle.set_port_length(port, length)

    @hide_internals
    def send(self, port_name: str, message: Message, slot: int | None = None) -> None:
        """Send a message; the model may change the data as soon as this returns.

        This does not wait for the receiver, except briefly if that avoids copying large data.

        A message on a port that is not connected is dropped.

        Args:
            port_name: A port with operator O_I or O_F.
            message: What to send.
            slot: Slot of a vector port.

        Raises:
            RuntimeError: If the port is not a sending port, or must not send now; the message says
                what is expected instead.
            TypeError: If some part of the data cannot be sent; the message says which, and why.

        Example:
            >>> instance.send("state_out", Message(t, t + dt, Grid(field, ["x"])))
        """
        self._lifecycle.send(port_name, _own_message(message, "send()", port_name), slot)

    @hide_internals
    def receive(
        self, port_name: str, slot: int | None = None, default: Message | None = None
    ) -> Message:
        """Receive a message; wait until it has arrived.

        Args:
            port_name: A port with operator F_INIT or S.
            slot: Slot of a vector port.
            default: What to return if the port is not connected.

        Returns:
            The message. Arrays in it are Grids, and read-only: copy one to change it.

        Raises:
            RuntimeError: If the port is not a receiving port, must not receive now, or is not
                connected and there is no default; or if the peer is gone.

        Example:
            >>> state = instance.receive("state_in").data.array.copy()
        """
        return self._lifecycle.receive(port_name, slot, default, with_settings=False)

    @hide_internals
    def receive_with_settings(
        self, port_name: str, slot: int | None = None, default: Message | None = None
    ) -> Message:
        """Receive a message together with its settings overlay.

        On F_INIT ports this needs the flag DONT_APPLY_OVERLAY.

        Args:
            port_name: A port with operator F_INIT or S.
            slot: Slot of a vector port.
            default: What to return if the port is not connected.

        Returns:
            The message; its `settings` are the overlay.

        Raises:
            RuntimeError: As for `receive`.

        Example:
            >>> message = instance.receive_with_settings("init")
            >>> instance.send("out", Message(message.timestamp, None, data, message.settings))
        """
        return self._lifecycle.receive(port_name, slot, default, with_settings=True)

    @hide_internals
    def resuming(self) -> bool:
        """Return whether the model must load a snapshot now, with `load_snapshot`.

        Example:
            >>> if instance.resuming():
            ...     message = instance.load_snapshot()
            ...     t, state = message.timestamp, message.data
            >>> if instance.should_init():
            ...     message = instance.receive("init")
            ...     t, state = message.timestamp, message.data
        """
        return self._lifecycle.resuming()

    @hide_internals
    def should_init(self) -> bool:
        """Return whether the model must initialise itself, and receive on F_INIT."""
        return self._lifecycle.should_init()

    @hide_internals
    def load_snapshot(self) -> Message:
        """Return the state to resume from."""
        return self._lifecycle.load_snapshot()

    @hide_internals
    def should_save_snapshot(self, timestamp: float) -> bool:
        """Return whether the model must save its state now, with `save_snapshot`.

        Args:
            timestamp: Current simulation time.

        Example:
            >>> while t < t_end:
            ...     state, t = step(state), t + dt
            ...     if instance.should_save_snapshot(t):
            ...         instance.save_snapshot(Message(t, data=state))
        """
        return self._lifecycle.should_save_snapshot(timestamp)

    @hide_internals
    def save_snapshot(self, message: Message) -> None:
        """Save the model's state.

        Args:
            message: The state, with its simulation time.
        """
        self._lifecycle.take_snapshot(_own_message(message, "save_snapshot()"))

    @hide_internals
    def should_save_final_snapshot(self) -> bool:
        """Return whether the model must save its state, with `save_final_snapshot`.

        Call this at the end of each pass of the reuse loop, after sending on O_F.

        Example:
            >>> instance.send("final", Message(t, data=state))
            >>> if instance.should_save_final_snapshot():
            ...     instance.save_final_snapshot(Message(t, data=state))
        """
        return self._lifecycle.should_save_final_snapshot()

    @hide_internals
    def save_final_snapshot(self, message: Message) -> None:
        """Save the model's state at the end of a pass of the reuse loop.

        Args:
            message: The state, with its simulation time.
        """
        self._lifecycle.take_final_snapshot(_own_message(message, "save_final_snapshot()"))


def run_simulation(
    configuration: object, implementations: Mapping[str, Callable[[], object]]
) -> RunFinished:
    """Run a whole simulation of Python functions on this machine: for tests and notebooks.

    Each instance runs in a new process, in the working directory of this one, and writes its log
    to `muscle3.<instance>.log` there. This process prints the output of all instances. The files
    `performance.sqlite` (the profile) and `muscle3_manager.log` are left there too, and replace
    those of an earlier run.

    Args:
        configuration: The configuration to run: a configuration object of the ymmsl library, a path
            of a yMMSL file, its text, or a list of these. It must not have imports.
        implementations: Functions by the names of the implementations in the configuration. They
            take no arguments, and create an Instance. A function that a new process cannot import,
            because it is defined in a notebook or within another function, is sent to the process
            by value, with copies of the variables that it uses.

    Returns:
        How the run ended, such as its warnings. It has succeeded.

    Raises:
        RuntimeError: If an instance failed; the message names those that did, and contains the
            exception.
        ValueError: If there is neither a function nor a program for a component.
        UsageError: If no component has an implementation with a given name, or its value is not a
            function that can be sent to another process.
        ConfigurationError: If the configuration cannot be run; the message says why.

    Example:
        >>> def macro():
        ...     instance = Instance({Operator.O_I: ["out"], Operator.S: ["in"]})
        ...     while instance.reuse_instance():
        ...         ...
        >>> run_simulation(configuration, {"macro": macro, "micro": micro})
    """
    # Imported lazily: models import this module, and only this function needs these.
    from entrypoints._simulation.simulation import run_simulation as run

    return run(configuration, implementations)


def _default(
    lifecycle: Lifecycle, name: str, default: SettingValue | None
) -> Callable[[], SettingValue]:
    def missing() -> NoReturn:
        tried = names_to_try(lifecycle.name, name)
        raise SettingMissing(name, tried, known=lifecycle.list_settings())

    return missing if default is None else lambda: default


def _own_message(message: Message, call: str, port: str = "") -> Message:
    """Convert a message, or its settings, from another library to Conjoin's types."""
    settings = getattr(message, "settings", None)
    own = None if settings is None else settings_of(settings)
    if type(message) is Message and own is settings and message.has_times:
        return message
    where = f"{call} on port '{port}'" if port else call
    try:
        return Message(message.timestamp, message.next_timestamp, message.data, own)
    except AttributeError:
        msg = (
            f"{where} takes a Message, but got a {type(message).__name__}: {message!r:.80}."
            " Write Message(timestamp, data=...) with the data in it."
        )
        raise ArgumentMismatch(msg) from None
    except (ArgumentMismatch, ArgumentInvalid) as error:
        raise type(error)(f"{where}: {error}") from None


def _own_flags(flags: InstanceFlags) -> InstanceFlags:
    value = getattr(flags, "value", None)
    if isinstance(value, int):
        return InstanceFlags(value)
    msg = (
        f"The argument 'flags' of Instance() must be of type InstanceFlags, but got {flags!r}."
        " Write e.g. InstanceFlags.DONT_APPLY_OVERLAY, and combine several with |."
    )
    raise ArgumentMismatch(msg)


__all__ = [
    "DONT_APPLY_OVERLAY",
    "KEEPS_NO_STATE_FOR_NEXT_USE",
    "SKIP_MMSF_SEQUENCE_CHECKS",
    "STATE_NOT_REQUIRED_FOR_NEXT_USE",
    "USES_CHECKPOINT_API",
    "Grid",
    "Instance",
    "InstanceFlags",
    "Message",
    "Operator",
    "Settings",
    "run_simulation",
]
