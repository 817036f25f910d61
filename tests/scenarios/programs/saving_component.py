"""A component of any shape that saves its state: its ports are those of the yMMSL file.

It works like ``walker.py``, but with numbers: it sends the weighted sum of all numbers that it has
received. It calls ``should_save_snapshot`` after each half of a step, or, with the setting
``whole_steps``, after each step. Its sum depends on the setting ``x``, which it sends on a port
whose name begins with ``sample``, to which an ensemble is connected. Resizable ports get the
lengths in the setting ``lengths``, one for each run. With ``STATE=none`` in its environment it
keeps no state between its runs, so that its snapshots are implicit.
"""

import math
import os
from collections.abc import Mapping

from coupling_library import (
    KEEPS_NO_STATE_FOR_NEXT_USE,
    USES_CHECKPOINT_API,
    Instance,
    Message,
    Operator,
    Settings,
)
from observations import Observations, observing

DT = 0.25


class Component:
    """One instance, and the state that it keeps between calls."""

    def __init__(self, instance, seen: Observations, *, saves: bool) -> None:
        self._instance = instance
        self._seen = seen
        self._saves = saves
        ports = instance.list_ports()
        self._ports = {operator: sorted(ports.get(operator, [])) for operator in Operator}
        self._runs, self._halves, self._time, self._total, self._taken = 0, 0, 0.0, 1.0, 0

    def live(self) -> None:
        while self._instance.reuse_instance():
            if not self._saves:
                self._runs, self._time, self._total = 0, 0.0, 1.0
            elif self._instance.resuming():
                state = self._instance.load_snapshot().data
                self._runs, self._halves, self._time, self._total, self._taken = state
            if not self._saves or self._instance.should_init():
                self._begin()
            self._go_on()
            if self._saves and self._instance.should_save_final_snapshot():
                self._instance.save_final_snapshot(self._state())

    def _begin(self) -> None:
        self._runs, self._halves = self._runs + 1, 0
        if not self._ports[Operator.F_INIT]:
            self._time = self._setting("start", "float", 0.0)
        self._receive_all(Operator.F_INIT)

    def _go_on(self) -> None:
        order = Operator.O_I, Operator.S
        if self._setting("lead", "str", "O_I") == "S":
            order = Operator.S, Operator.O_I
        halves = 2 * self._of_this_run("steps", 1)
        while self._halves < halves:
            operator = order[self._halves % 2]
            if operator is Operator.O_I:
                self._send_all(operator)
            else:
                self._receive_all(operator)
            self._halves += 1
            if self._saves and self._is_due():
                self._instance.save_snapshot(self._state())
        self._send_all(Operator.O_F)

    def _is_due(self) -> bool:
        if self._halves % 2 and self._setting("whole_steps", "bool", False):
            return False
        return self._instance.should_save_snapshot(self._time)

    def _send_all(self, operator: Operator) -> None:
        self._time += DT
        for port in self._ports[operator]:
            if self._is_resizable(port):
                self._instance.set_port_length(port, self._of_this_run("lengths", 2))
            for slot in self._slots(port):
                self._instance.send(port, Message(self._time, None, self._data(port, slot)), slot)

    def _data(self, port: str, slot: "int | None") -> object:
        value = self._total + (slot or 0)
        if port.startswith("settings"):
            return Settings()
        return Settings({"x": value}) if port.startswith("sample") else value

    def _receive_all(self, operator: Operator) -> None:
        for port in self._ports[operator]:
            if not self._instance.is_connected(port):
                continue
            first = 0 if self._instance.is_vector_port(port) else None
            self._take(port, first)  # this sets the length of a resizable port
            for slot in self._slots(port)[1:]:
                self._take(port, slot)

    def _take(self, port: str, slot: "int | None") -> None:
        samples = self._setting("samples", "bool", False)
        receive = self._instance.receive_with_settings if samples else self._instance.receive
        message = receive(port, slot)
        self._seen.received(port, slot, message)
        self._taken += 1
        if math.isfinite(message.timestamp):
            self._time = max(self._time, message.timestamp)
        value = -1.0 if message.data is None else message.data
        self._total = self._total * 0.75 + value / 7.0 + self._setting("x", "float", 0.0) / 3.0

    def _slots(self, port: str) -> "list[int | None]":
        if self._instance.is_connected(port) and self._instance.is_vector_port(port):
            return list(range(self._instance.get_port_length(port)))
        return [None]

    def _is_resizable(self, port: str) -> bool:
        instance = self._instance
        return (
            instance.is_connected(port)
            and instance.is_vector_port(port)
            and instance.is_resizable(port)
        )

    def _of_this_run(self, setting: str, default: int) -> int:
        values = self._setting(setting, "[int]", [default])
        return values[min(self._runs, len(values)) - 1]

    def _setting(self, name: str, typ: str, default: object) -> object:
        return self._instance.get_setting(name, typ, default=default)

    def _state(self) -> Message:
        state = [self._runs, self._halves, self._time, self._total, self._taken]
        return Message(self._time, None, state)


def main() -> None:
    saves = os.environ.get("STATE") != "none"
    with observing() as seen:
        flags = USES_CHECKPOINT_API if saves else KEEPS_NO_STATE_FOR_NEXT_USE
        instance = Instance(vector_ports(os.environ), flags)
        Component(instance, seen, saves=saves).live()


def vector_ports(environment: Mapping[str, str]) -> "dict[Operator, list[str]] | None":
    """Return the ports in ``PORTS=o_f parts[], …``, if the yMMSL file cannot describe them."""
    if "PORTS" not in environment:
        return None
    ports: dict[Operator, list[str]] = {}
    for operator, port in map(str.split, environment["PORTS"].split(",")):
        ports.setdefault(Operator[operator.upper()], []).append(port)
    return ports


if __name__ == "__main__":
    main()
