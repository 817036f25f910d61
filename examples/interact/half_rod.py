"""One half of a rod: heat conduction, du/dt = diffusivity d2u/dx2, in explicit finite differences.

The temperature at its far end is given. At the joint, the heat that leaves one half enters the
other. For that, the halves exchange the temperature of the cell at the joint, and the conductivity.
"""

from pathlib import Path

import numpy as np

from conjoin import Instance, InstanceFlags, Message, Operator


def main() -> None:
    """Run once, for several steps."""
    ports = {Operator.O_I: ["joint_out"], Operator.S: ["joint_in"]}
    instance = Instance(ports, InstanceFlags.USES_CHECKPOINT_API)
    while instance.reuse_instance():
        steps = instance.get_setting("steps", "int")
        dt = instance.get_setting("dt", "float")
        dx = instance.get_setting("dx", "float")
        diffusivity = instance.get_setting("diffusivity", "float")
        conductivity = instance.get_setting("conductivity", "float")
        end = instance.get_setting("end_temperature", "float")

        if instance.resuming():
            saved = instance.load_snapshot().data
            step, rod = saved["step"], saved["rod"].array
        if instance.should_init():
            # Cell 0 is at the far end, and the last cell at the joint.
            step, rod = 0, np.full(instance.get_setting("cells", "int"), 20.0)

        while step < steps:
            time = step * dt
            next_time = time + dt if step + 1 < steps else None
            own = {"temperature": float(rod[-1]), "conductivity": conductivity}
            instance.send("joint_out", Message(time, next_time, own))
            other = instance.receive("joint_in").data
            joint = joint_temperature(own, other)
            rod = conducted(rod, end, joint, diffusivity * dt / dx**2)
            step += 1

            if instance.should_save_snapshot(step * dt):
                instance.save_snapshot(Message(step * dt, None, {"step": step, "rod": rod}))

        np.save("temperatures.npy", rod)
        print(f"From the far end {rod[0]:.1f} to the joint {rod[-1]:.1f} degrees")
        print(f"Saved in {Path('temperatures.npy').absolute()}")

        if instance.should_save_final_snapshot():
            instance.save_final_snapshot(Message(steps * dt, None, {"step": steps, "rod": rod}))


def joint_temperature(own: dict[str, float], other: dict[str, float]) -> float:
    """Return the temperature at which as much heat enters the joint as leaves it."""
    total = own["conductivity"] + other["conductivity"]
    warmth = (side["conductivity"] * side["temperature"] for side in (own, other))
    return sum(warmth) / total


def conducted(rod: np.ndarray, end: float, joint: float, number: float) -> np.ndarray:
    """Return the temperatures after a step.

    Args:
        rod: Temperature in the middle of each cell.
        end: Temperature at the far end, half a cell before the first.
        joint: Temperature at the joint, half a cell behind the last.
        number: diffusivity dt / dx^2.
    """
    # Mirror the cells at both ends, so that the temperature there is the given one.
    padded = np.concatenate(([2 * end - rod[0]], rod, [2 * joint - rod[-1]]))
    stepped: np.ndarray = rod + number * (padded[:-2] - 2 * rod + padded[2:])
    return stepped


if __name__ == "__main__":
    main()
