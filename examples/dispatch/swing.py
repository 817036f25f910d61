"""A damped pendulum: d2a/dt2 = -(g / length) sin(a) - damping da/dt (semi-implicit Euler)."""

import math

from conjoin import Instance, InstanceFlags, Message, Operator

GRAVITY = 9.81
"""In m/s2."""


def main() -> None:
    """Receive a state, and continue from it."""
    ports = {Operator.F_INIT: ["initial_state"], Operator.O_F: ["final_state"]}
    instance = Instance(ports, InstanceFlags.USES_CHECKPOINT_API)
    while instance.reuse_instance():
        t_max = instance.get_setting("t_max", "float")
        dt = instance.get_setting("dt", "float")
        length = instance.get_setting("length", "float")
        damping = instance.get_setting("damping", "float")

        if instance.resuming():
            step, start, angle, speed = instance.load_snapshot().data
        if instance.should_init():
            message = instance.receive("initial_state")
            step, start = 0, message.timestamp
            angle, speed = message.data["angle"], message.data["speed"]

        while step < round(t_max / dt):
            speed += dt * (-GRAVITY / length * math.sin(angle) - damping * speed)
            angle += dt * speed
            step += 1

            t = start + step * dt
            if instance.should_save_snapshot(t):
                instance.save_snapshot(Message(t, None, [step, start, angle, speed]))

        t = start + t_max
        state = {"angle": angle, "speed": speed, "length": length}
        instance.send("final_state", Message(t, None, state))

        if instance.should_save_final_snapshot():
            instance.save_final_snapshot(Message(t, None, [step, start, angle, speed]))


if __name__ == "__main__":
    main()
