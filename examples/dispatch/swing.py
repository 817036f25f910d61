"""A damped pendulum: d2a/dt2 = -(g / length) sin(a) - damping da/dt (semi-implicit Euler)."""

import math

from entrypoints.instance import Instance, Message, Operator

GRAVITY = 9.81
"""In m/s2."""


def main() -> None:
    """Go on from the state that comes in."""
    instance = Instance({Operator.F_INIT: ["initial_state"], Operator.O_F: ["final_state"]})
    while instance.reuse_instance():
        t_max = instance.get_setting("t_max", "float")
        dt = instance.get_setting("dt", "float")
        length = instance.get_setting("length", "float")
        damping = instance.get_setting("damping", "float")

        message = instance.receive("initial_state")
        angle, speed = message.data["angle"], message.data["speed"]
        for _ in range(round(t_max / dt)):
            speed += dt * (-GRAVITY / length * math.sin(angle) - damping * speed)
            angle += dt * speed

        state = {"angle": angle, "speed": speed, "length": length}
        instance.send("final_state", Message(message.timestamp + t_max, None, state))


if __name__ == "__main__":
    main()
