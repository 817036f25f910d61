"""Gives a swing its first state, and is done."""

from entrypoints.instance import Instance, Message, Operator


def main() -> None:
    """Run once: nothing comes in."""
    instance = Instance({Operator.O_F: ["final_state"]})
    while instance.reuse_instance():
        angle = instance.get_setting("angle", "float")
        state = {"angle": angle, "speed": 0.0}
        instance.send("final_state", Message(0.0, None, state))


if __name__ == "__main__":
    main()
