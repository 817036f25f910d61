"""A population that grows until its food gives out: dx/dt = r x (1 - x)."""

from entrypoints.instance import Instance, Message, Operator


def main() -> None:
    """Run once for each overlay that comes in; nothing here has to know about overlays."""
    instance = Instance({Operator.O_F: ["final_size"]})
    while instance.reuse_instance():
        rate = instance.get_setting("growth_rate", "float")
        size = instance.get_setting("initial_size", "float")
        t_max = instance.get_setting("t_max", "float")
        dt = instance.get_setting("dt", "float")

        for _ in range(round(t_max / dt)):
            size += dt * rate * size * (1 - size)
        instance.send("final_size", Message(t_max, None, size))


if __name__ == "__main__":
    main()
