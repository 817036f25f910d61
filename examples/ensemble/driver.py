"""Draws a growth rate for each instance of the population, and summarises the results."""

import json
from pathlib import Path

import numpy as np

from conjoin import Instance, InstanceFlags, Message, Operator, Settings


def main() -> None:
    """Run the whole ensemble several times."""
    # The [] makes a port a vector port, with one slot for each instance at the other end.
    ports = {Operator.O_I: ["parameters_out[]", "sizes_out[]"], Operator.S: ["results_in[]"]}
    instance = Instance(ports, InstanceFlags.USES_CHECKPOINT_API)
    while instance.reuse_instance():
        rounds = instance.get_setting("rounds", "int")
        initial_size = instance.get_setting("initial_size", "float")
        random = np.random.default_rng(instance.get_setting("seed", "int"))
        members = instance.get_port_length("parameters_out")
        # All rates are drawn before the first round, so that a resumed run uses the same ones.
        rates = random.normal(0.5, 0.05, (rounds, members))

        number, sizes = 0, []
        if instance.resuming():
            saved = instance.load_snapshot().data
            number, sizes = saved["number"], saved["sizes"]
        instance.should_init()  # there are no initial messages, so nothing else to do

        while number < rounds:
            for slot, rate in enumerate(rates[number]):
                overlay = Settings({"growth_rate": float(rate)})
                instance.send("parameters_out", Message(float(number), None, overlay), slot)
                # The message belongs to the run with these settings, so it carries them.
                start = Message(float(number), None, initial_size, overlay)
                instance.send("sizes_out", start, slot)
            # All instances run at the same time; only now wait for them.
            for slot in range(members):
                # Each result carries the overlay with which it was computed. `receive` refuses to
                # mix different overlays.
                answer = instance.receive_with_settings("results_in", slot)
                sizes.append(answer.data)
            number += 1

            if instance.should_save_snapshot(float(number)):
                state = {"number": number, "sizes": sizes}
                instance.save_snapshot(Message(float(number), None, state))

        mean, deviation = float(np.mean(sizes)), float(np.std(sizes))
        summary = {"runs": len(sizes), "mean": mean, "deviation": deviation}
        Path("summary.json").write_text(json.dumps(summary))
        print(f"{len(sizes)} runs: {mean:.3f} ± {deviation:.3f}")

        if instance.should_save_final_snapshot():
            state = {"number": number, "sizes": sizes}
            instance.save_final_snapshot(Message(float(number), None, state))


if __name__ == "__main__":
    main()
