"""A micro model that fails in its second run; the setting ``how`` selects the kind of failure."""

import os
import signal
import sys

from coupling_library import Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.F_INIT: ["init"], Operator.O_F: ["final"]})
        number = 0
        while instance.reuse_instance():
            message = seen.receive(instance, "init")
            if number == 1:
                seen.save()
                crash(instance, instance.get_setting("how", "str"))
            instance.send("final", Message(message.timestamp, None, message.data))
            number += 1


def crash(instance, how: str) -> None:
    """Fail, after printing a text to stderr that the manager's report must contain."""
    print("Now comes the crash.", file=sys.stderr, flush=True)
    if how == "raise":
        raise ArithmeticError("The matrix is singular.")
    if how == "exit":
        os._exit(3)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "error_shutdown":
        instance.error_shutdown("The solver did not converge.")
        sys.exit(1)


if __name__ == "__main__":
    main()
