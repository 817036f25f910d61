"""The micro model: how well a sample of a material with two kinds of grains conducts heat."""

import numpy as np

import entrypoints.runtime as tasks


@tasks.tessera
class Grains:
    """A row of grains between two plates.

    Args:
        number: The number of grains.
        seed: Decides which grains are of which kind.
    """

    def __init__(self, number: int, seed: int) -> None:
        self.is_metal = np.random.default_rng(seed).random(number) < 0.7
        self.runs = 0

    def conductivity(self, temperature: float) -> float:
        """Return the conductivity of the whole row, in W/(m K).

        Args:
            temperature: In K. Metal conducts worse when it is hot, and the other kind better.
        """
        self.runs += 1
        metal, other = 400.0 * 300.0 / temperature, 20.0 * temperature / 300.0
        each = np.where(self.is_metal, metal, other)
        return float(len(each) / np.sum(1.0 / each))
