"""Computes how high a swing can still go."""

import json
import math
from pathlib import Path

from conjoin import Instance, InstanceFlags, Operator

GRAVITY = 9.81
"""In m/s2."""


def main() -> None:
    """Receive a state, and measure it."""
    ports = {Operator.F_INIT: ["initial_state"]}
    instance = Instance(ports, InstanceFlags.KEEPS_NO_STATE_FOR_NEXT_USE)
    while instance.reuse_instance():
        message = instance.receive("initial_state")
        state = message.data
        height = state["length"] * (1 - math.cos(state["angle"]))
        height += (state["length"] * state["speed"]) ** 2 / (2 * GRAVITY)
        Path("height.json").write_text(json.dumps({"t": message.timestamp, "height": height}))
        print(f"After {message.timestamp} s the swing goes {100 * height:.1f} cm high")


if __name__ == "__main__":
    main()
