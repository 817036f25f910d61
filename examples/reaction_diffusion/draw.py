"""Draws the final field of a run: `python draw.py RUN_DIR`."""

import sys
from pathlib import Path

import numpy as np

BLOCKS = " ░▒▓█"
LETTERS = " .+*#"


def main() -> None:
    """Draw the field of the last run directory on the command line."""
    if len(sys.argv) == 1:
        sys.exit("Usage: python draw.py RUN_DIR")
    path = Path(sys.argv[-1]) / "instances" / "diffusion" / "workdir" / "field.npy"
    try:
        field = np.load(path)
    except FileNotFoundError:
        sys.exit(f"'{path}' does not exist: the run has not completed, or is of another model.")
    encoding = (sys.stdout.encoding or "ascii").lower()
    shades = BLOCKS if encoding.startswith("utf") else LETTERS
    print("\n".join(drawing(field, shades)))


def drawing(field: np.ndarray, shades: str) -> list[str]:
    """Return lines of text, in which larger values have denser characters.

    Each line shows two rows of the field, because a character is about twice as high as wide.

    Args:
        field: What to draw, with an even number of rows.
        shades: Characters, from empty to dense.
    """
    lines = (field[0::2] + field[1::2]) / 2
    spread = max(np.ptp(lines), 1e-12)
    levels = (lines - lines.min()) / spread * (len(shades) - 1)
    return ["".join(shades[level] for level in line) for line in np.rint(levels).astype(int)]


if __name__ == "__main__":
    main()
