"""A model that fails after its first message; the setting ``how`` selects the kind of failure."""

import os
import sys

from coupling_library import Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        instance = Instance({Operator.S: ["state_in"]})
        while instance.reuse_instance():
            seen.receive(instance, "state_in")
            seen.save()
            fail(instance, instance.get_setting("how", "str"))


def fail(instance: Instance, how: str) -> None:
    if how == "raise":
        raise ArithmeticError("The matrix is singular.")
    if how == "misuse":
        instance.send("state_in", Message(0.0))
    if how == "vanish":
        os._exit(0)
    instance.error_shutdown("The solver did not converge.")
    sys.exit(0 if how == "error_shutdown_and_exit_0" else 1)


if __name__ == "__main__":
    main()
