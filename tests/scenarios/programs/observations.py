"""Records exactly what a scenario's program receives, so that runs can be compared.

The file is ``$RESULT_DIR/<instance name>.json``: a list of events in the order in which they
happened. Floats are written in C99 hexadecimal notation and arrays as bytes, so that equal files
mean equal bits.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coupling_library import Instance, Message, Settings

_PLAIN_ERRORS = (KeyError, TypeError, ValueError, RuntimeError, Exception)


class Observations:
    """A list of events that can be saved to a file."""

    def __init__(self) -> None:
        self._events: list[object] = []

    @property
    def events(self) -> list[object]:
        """The events so far."""
        return self._events

    def note(self, what: str, *values: object) -> None:
        """Add an event: its kind and its values."""
        self._events.append([what, *(exactly(value) for value in values)])

    def receive(self, instance: Instance, port: str, slot: "int | None" = None) -> Message:
        """Receive a message and record it."""
        return self.received(port, slot, instance.receive(port, slot))

    def received(self, port: str, slot: "int | None", message: Message) -> Message:
        """Record a received message; return it."""
        self.note("received", port, slot, message)
        return message

    def settings(self, instance: Instance, *names: str) -> None:
        """Record the values of settings.

        The result of list_settings is not comparable: MUSCLE3's library leaves out settings of
        components, although get_setting finds them.
        """
        for name in names:
            self.note("setting", name, instance.get_setting(name, default="(no such setting)"))

    def ports(self, instance: Instance) -> None:
        """Record the properties of the instance's ports."""
        for operator, names in sorted(instance.list_ports().items(), key=lambda i: i[0].name):
            for name in sorted(names):
                self.note("port", operator.name, name, _port_properties(instance, name))

    def failed(self, error: BaseException) -> None:
        """Record an exception: its built-in base class and its message."""
        self.note("raised", _plain_class(error), str(error))

    def failed_class(self, what: str, error: BaseException) -> None:
        """Record only the built-in base class of an exception."""
        self.note(what, "raised", _plain_class(error))

    def save(self) -> None:
        """Write the events atomically to the file of this instance."""
        path = Path(os.environ["RESULT_DIR"]) / f"{os.environ['MUSCLE_INSTANCE']}.json"
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(self._events, indent=1) + "\n")
        unfinished.replace(path)


@contextmanager
def observing() -> Iterator[Observations]:
    """Provide observations that are saved at the end, even after an error."""
    observations = Observations()
    try:
        yield observations
    except BaseException as error:
        observations.failed(error)
        raise
    finally:
        observations.save()


def _plain_class(error: BaseException) -> str:
    return next((c.__name__ for c in _PLAIN_ERRORS if isinstance(error, c)), "other")


def exactly(value: object) -> object:
    """Convert a value to one that JSON can represent exactly."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, (list, tuple)):
        return [exactly(item) for item in value]
    return _exactly_composed(value)


def _exactly_composed(value: object) -> object:
    if isinstance(value, Settings):
        return {"settings": sorted([str(name), exactly(item)] for name, item in value.items())}
    if isinstance(value, Mapping):
        return {"map": [[exactly(key), exactly(item)] for key, item in value.items()]}
    if _is_array(value):
        return {"array": _exact_array(value)}
    if hasattr(value, "array") and hasattr(value, "indexes"):
        return {"grid": _exact_array(value.array), "indexes": exactly(value.indexes)}
    if hasattr(value, "timestamp"):
        return _exact_message(value)
    return {"other": type(value).__name__}


def _is_array(value: object) -> bool:
    # do not import numpy here: that takes longer than the rest of a program without arrays
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def _exact_array(array: Any) -> object:
    return {
        "dtype": array.dtype.str,
        "shape": list(array.shape),
        "fortran": bool(array.flags.f_contiguous),
        "writeable": bool(array.flags.writeable),
        "elements": array.tobytes("C").hex(),
    }


def _exact_message(message: Message) -> object:
    return {
        "timestamp": exactly(message.timestamp),
        "next_timestamp": exactly(message.next_timestamp),
        "data": exactly(message.data),
        "settings": exactly(message.settings),
    }


def _port_properties(instance: Instance, name: str) -> object:
    if not instance.is_connected(name):
        return "not connected"
    if not instance.is_vector_port(name):
        return "scalar"
    if instance.is_resizable(name):
        return "resizable vector"
    return f"vector of {instance.get_port_length(name)}"
