"""Draws a growth rate for each instance of the population, and looks at what comes out."""

import json
from pathlib import Path

import numpy as np

from entrypoints.instance import Instance, Message, Operator, Settings


def main() -> None:
    """Run the whole ensemble a number of times."""
    # The [] make these ports vector ports, with a slot for each instance at the other end.
    instance = Instance({Operator.O_I: ["parameters_out[]"], Operator.S: ["results_in[]"]})
    while instance.reuse_instance():
        rounds = instance.get_setting("rounds", "int")
        random = np.random.default_rng(instance.get_setting("seed", "int"))
        members = instance.get_port_length("parameters_out")

        sizes = []
        for number in range(rounds):
            rates = random.normal(0.5, 0.05, members)
            for slot, rate in enumerate(rates):
                overlay = Settings({"growth_rate": float(rate)})
                instance.send("parameters_out", Message(float(number), None, overlay), slot)
            # All instances run at the same time; only now we wait for them.
            for slot in range(members):
                # What comes back carries the overlay that it was made with, a different one on
                # each slot. `receive` would refuse to mix them.
                answer = instance.receive_with_settings("results_in", slot)
                sizes.append(answer.data)

        summary = {"runs": len(sizes), "mean": np.mean(sizes), "deviation": np.std(sizes)}
        Path("summary.json").write_text(json.dumps(summary))
        print("{runs} runs: {mean:.3f} ± {deviation:.3f}".format(**summary))


if __name__ == "__main__":
    main()
