"""The micro model: two substances react in every cell by itself.

It integrates Gray and Scott's equations from the state that it receives, over the requested
time: du/dt = feed (1 - u) - u v^2 and dv/dt = u v^2 - (feed + kill) v.
"""

import numpy as np

from conjoin import Grid, Instance, InstanceFlags, Message, Operator


def main() -> None:
    """Run once for each state that the model receives."""
    ports = {Operator.F_INIT: ["initial_state"], Operator.O_F: ["final_state"]}
    # No state is kept from one run to the next, so there is nothing to save at a checkpoint.
    instance = Instance(ports, InstanceFlags.KEEPS_NO_STATE_FOR_NEXT_USE)
    while instance.reuse_instance():
        dt = instance.get_setting("dt", "float")
        feed = instance.get_setting("feed", "float")
        kill = instance.get_setting("kill", "float")

        message = instance.receive("initial_state")
        steps = round(message.data["duration"] / dt)
        u, v = reacted(
            message.data["u"].array, message.data["v"].array, feed, kill, dt=dt, steps=steps
        )

        state = {"u": Grid(u, ["y", "x"]), "v": Grid(v, ["y", "x"])}
        instance.send("final_state", Message(message.timestamp + steps * dt, None, state))


def reacted(
    u: np.ndarray, v: np.ndarray, feed: float, kill: float, *, dt: float, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return both substances after some explicit Euler steps.

    Args:
        u: Concentration of the substance that is fed.
        v: Concentration of the substance that is removed.
        feed: Rate at which u is fed, per unit of time.
        kill: Rate at which v is removed, in addition to `feed`.
        dt: Length of a step.
        steps: Number of steps.
    """
    for _ in range(steps):
        conversion = u * v * v
        u, v = (
            u + dt * (feed * (1 - u) - conversion),
            v + dt * (conversion - (feed + kill) * v),
        )
    return u, v


if __name__ == "__main__":
    main()
