"""Sends messages to a model that may have failed, and never waits for an answer."""

import time

from coupling_library import Instance, Message, Operator
from observations import observing

PAUSE = 0.2  # the receiver fails before the last messages are sent


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.O_I: ["state_out"]})
        while instance.reuse_instance():
            messages = instance.get_setting("messages", "int")
            for number in range(messages):
                after = float(number + 1) if number + 1 < messages else None
                instance.send("state_out", Message(float(number), after, number))
                time.sleep(PAUSE)
        seen.note("left")


if __name__ == "__main__":
    main()
