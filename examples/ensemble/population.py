"""A population that grows until its food runs out: dx/dt = r x (1 - x)."""

from conjoin import Instance, InstanceFlags, Message, Operator


def main() -> None:
    """Run once for each settings overlay; the model needs no code for overlays."""
    ports = {Operator.F_INIT: ["initial_size"], Operator.O_F: ["final_size"]}
    # No state is kept from one run to the next, so there is nothing to save at a checkpoint.
    instance = Instance(ports, InstanceFlags.KEEPS_NO_STATE_FOR_NEXT_USE)
    while instance.reuse_instance():
        rate = instance.get_setting("growth_rate", "float")
        t_max = instance.get_setting("t_max", "float")
        dt = instance.get_setting("dt", "float")

        message = instance.receive("initial_size")
        size = message.data
        for _ in range(round(t_max / dt)):
            size += dt * rate * size * (1 - size)
        instance.send("final_size", Message(message.timestamp, None, size))


if __name__ == "__main__":
    main()
