"""The macro model: two substances diffuse in a field, and react between the steps.

Each step solves du/dt = D laplace(u) with explicit finite differences (five-point stencil, cells of
size 1, periodic edges), which is stable if dt < 1 / (4 D). Then the model sends the state, and
receives the state after the reaction over the same time step (operator splitting).
"""

from pathlib import Path

import numpy as np

from conjoin import Grid, Instance, InstanceFlags, Message, Operator


def main() -> None:
    """Run once, from t = 0 to t_max."""
    ports = {Operator.O_I: ["state_out"], Operator.S: ["state_in"]}
    instance = Instance(ports, InstanceFlags.USES_CHECKPOINT_API)
    while instance.reuse_instance():
        t_max = instance.get_setting("t_max", "float")
        dt = instance.get_setting("dt", "float")
        diffusivity_u = instance.get_setting("diffusivity_u", "float")
        diffusivity_v = instance.get_setting("diffusivity_v", "float")
        steps = round(t_max / dt)

        if instance.resuming():
            saved = instance.load_snapshot().data
            step, u, v = saved["step"], saved["u"].array, saved["v"].array
        if instance.should_init():
            step = 0
            u, v = initial_state(
                instance.get_setting("height", "int"),
                instance.get_setting("width", "int"),
                instance.get_setting("seed", "int"),
            )

        while step < steps:
            u = diffused(u, diffusivity_u * dt)
            v = diffused(v, diffusivity_v * dt)

            t_next = (step + 1) * dt if step + 1 < steps else None
            state = {"u": Grid(u, ["y", "x"]), "v": Grid(v, ["y", "x"]), "duration": dt}
            instance.send("state_out", Message(step * dt, t_next, state))

            answer = instance.receive("state_in")
            u, v = answer.data["u"].array, answer.data["v"].array
            step += 1

            if instance.should_save_snapshot(step * dt):
                instance.save_snapshot(Message(step * dt, None, {"step": step, "u": u, "v": v}))

        np.save("field.npy", v)
        print(f"The field after {steps} steps is in {Path('field.npy').absolute()}")

        if instance.should_save_final_snapshot():
            instance.save_final_snapshot(Message(steps * dt, None, {"step": steps, "u": u, "v": v}))


def initial_state(height: int, width: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return fields full of u, with a few spots from which v spreads.

    Args:
        height: Number of rows.
        width: Number of columns.
        seed: Seed of the random positions of the spots.
    """
    random = np.random.default_rng(seed)
    u, v = np.ones((height, width)), np.zeros((height, width))
    for _ in range(height * width // 400):
        y, x = random.integers(0, [height, width])
        spot = np.ix_(np.arange(y - 2, y + 3) % height, np.arange(x - 2, x + 3) % width)
        u[spot], v[spot] = 0.5, 0.25
    return u, v


def diffused(field: np.ndarray, amount: float) -> np.ndarray:
    """Return a field after one step of diffusion.

    Args:
        field: Concentrations.
        amount: Diffusivity times time step, in cells squared.
    """
    neighbours = sum(np.roll(field, shift, axis) for shift in (-1, 1) for axis in (0, 1))
    return field + amount * (neighbours - 4 * field)


if __name__ == "__main__":
    main()
