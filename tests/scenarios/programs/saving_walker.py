"""A model with F_INIT and O_F that keeps a state, and saves it when due.

Each pass adds the received number to a total, and sends the total multiplied by the number of
passes. The received messages are recorded in `$RESULT_DIR`.
"""

import os

from coupling_library import USES_CHECKPOINT_API, Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        ports = {Operator.F_INIT: ["init"], Operator.O_F: ["final"]}
        instance = Instance(ports, USES_CHECKPOINT_API)
        passes, total = 0, 0.0
        while instance.reuse_instance():
            if instance.resuming():
                passes, total = instance.load_snapshot().data
            if instance.should_init():
                received = seen.receive(instance, "init")
                passes, total = passes + 1, total + received.data
                time = received.timestamp
            instance.send("final", Message(time + 0.25, None, total * passes))
            if instance.should_save_final_snapshot():
                instance.save_final_snapshot(Message(time + 0.25, None, [passes, total]))


if __name__ == "__main__":
    assert os.environ["RESULT_DIR"]
    main()
