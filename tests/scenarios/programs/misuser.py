"""A macro model that makes the mistake named by the setting ``mistake`` in its second step.

It records the resulting error: its built-in class and its message.
"""

from coupling_library import Instance, Message, Operator
from observations import observing


def main() -> None:
    with observing() as seen:
        instance = Instance(
            {
                Operator.O_I: ["state_out", "unconnected_out"],
                Operator.S: ["state_in", "unconnected_in"],
            }
        )
        while instance.reuse_instance():
            note_refused_questions(instance, seen)
            mistake = instance.get_setting("mistake", "str")
            for step in range(2):
                if step == 1:
                    MISTAKES[mistake](instance)
                instance.send("state_out", Message(float(step), None, step))
                seen.receive(instance, "state_in")


def note_refused_questions(instance, seen) -> None:
    """Make queries that raise an error and have no further effect."""
    questions = {
        "connection of no port": lambda: instance.is_connected("nothing"),
        "missing setting": lambda: instance.get_setting("nothing"),
        "setting of another type": lambda: instance.get_setting("mistake", "int"),
        "setting of no type": lambda: instance.get_setting("mistake", "dict"),
        "float for an int": lambda: instance.get_setting("number", "int"),
        "list of other elements": lambda: instance.get_setting("row", "[[float]]"),
    }
    for name, question in questions.items():
        try:
            seen.note(name, question())
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            seen.failed_class(name, error)


def send_twice(instance) -> None:
    instance.send("state_out", Message(1.0))
    instance.send("state_out", Message(1.0))


MISTAKES = {
    "none": lambda instance: None,
    "unconnected_send": lambda instance: instance.send("unconnected_out", Message(1.0)),
    "unconnected_default": lambda instance: instance.receive(
        "unconnected_in", default=Message(1.0)
    ),
    "unconnected_receive": lambda instance: instance.receive("unconnected_in"),
    "no_such_port": lambda instance: instance.send("nothing", Message(1.0)),
    "wrong_direction": lambda instance: instance.receive("state_out"),
    "slot_on_scalar_port": lambda instance: instance.send("state_out", Message(1.0), 0),
    "not_resizable": lambda instance: instance.set_port_length("state_out", 2),
    "early_reuse": lambda instance: (
        instance.send("state_out", Message(1.0)),
        instance.reuse_instance(),
    ),
    "send_twice": send_twice,
}


if __name__ == "__main__":
    main()
