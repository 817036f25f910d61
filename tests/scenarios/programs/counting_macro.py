"""Adds the number of the step to the received number, and sends the sum; logs each step."""

import logging

import numpy as np
from coupling_library import Grid, Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.O_I: ["out"], Operator.S: ["in"]})
        while instance.reuse_instance():
            state = np.arange(2000, dtype=np.int64)
            for step in range(instance.get_setting("steps", "int")):
                logging.getLogger("counting").warning("This is step %d.", step)
                instance.send("out", Message(float(step), None, Grid(state + step)))
                state = np.array(instance.receive("in").data.array)
            seen.note("result", state)


if __name__ == "__main__":
    main()
