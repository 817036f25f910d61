"""Exchanges numbers on each of two timelines, with a thread for each."""

import threading

from coupling_library import Instance, Message, Operator
from observations import observing

TIMELINES = ("early", "late")


def main() -> None:
    with observing() as seen:
        instance = Instance(
            {
                Operator.O_I: [f"{name}_out" for name in TIMELINES],
                Operator.S: [f"{name}_in" for name in TIMELINES],
            }
        )
        answers: dict[str, list[object]] = {name: [] for name in TIMELINES}

        def exchange(name: str) -> None:
            for step in range(instance.get_setting("steps", "int")):
                instance.send(f"{name}_out", Message(float(step), None, step))
                answers[name].append(instance.receive(f"{name}_in").data)

        while instance.reuse_instance():
            threads = [threading.Thread(target=exchange, args=(name,)) for name in TIMELINES]
            for thread in reversed(threads):
                thread.start()
            for thread in threads:
                thread.join()
        for name in TIMELINES:
            seen.note(name, answers[name])


if __name__ == "__main__":
    main()
