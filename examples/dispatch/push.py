"""Sends the initial state to a swing, and ends."""

from conjoin import Instance, InstanceFlags, Message, Operator


def main() -> None:
    """Run once, without an input."""
    ports = {Operator.O_F: ["final_state"]}
    instance = Instance(ports, InstanceFlags.KEEPS_NO_STATE_FOR_NEXT_USE)
    while instance.reuse_instance():
        angle = instance.get_setting("angle", "float")
        state = {"angle": angle, "speed": 0.0}
        instance.send("final_state", Message(0.0, None, state))


if __name__ == "__main__":
    main()
