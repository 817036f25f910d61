"""Multiplies the received number by three, modulo 2**64; counts and logs its passes."""

import logging

from coupling_library import Grid, Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.F_INIT: ["init"], Operator.O_F: ["final"]})
        times = 0
        while instance.reuse_instance():
            message = instance.receive("init")
            logging.getLogger("counting").warning("This is time %d.", times)
            instance.send("final", Message(message.timestamp, None, Grid(message.data.array * 3)))
            times += 1
        seen.note("times", times)


if __name__ == "__main__":
    main()
