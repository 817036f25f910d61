"""Draws the final field of a run, and writes `field.png`: `python draw.py RUN_DIR`."""

import struct
import sys
import zlib
from pathlib import Path

import numpy as np

BLOCKS = " ░▒▓█"
LETTERS = " .+*#"
# Red, green and blue, from the smallest value to the largest
COLOURS = np.array([[13, 8, 135], [156, 23, 158], [237, 121, 83], [240, 249, 33]])
PIXELS = 8
"""Width and height of a cell."""


def main() -> None:
    """Draw the final field of the last run directory on the command line."""
    if len(sys.argv) == 1:
        sys.exit("Usage: python draw.py RUN_DIR")
    draw(Path(sys.argv[-1]))


def draw(run_dir: Path) -> None:
    """Draw the final field of a run."""
    field = final_field(run_dir)
    encoding = (sys.stdout.encoding or "ascii").lower()
    shades = BLOCKS if encoding.startswith("utf") else LETTERS
    print("\n".join(drawing(field, shades)))
    picture = run_dir / "field.png"
    write_png(picture, field)
    print(f"The picture is in {picture}")


def final_field(run_dir: Path) -> np.ndarray:
    """Return the field at the end of a run."""
    path = run_dir / "instances" / "diffusion" / "workdir" / "field.npy"
    try:
        field: np.ndarray = np.load(path)
    except FileNotFoundError:
        sys.exit(f"'{path}' does not exist: the run has not completed, or is of another model.")
    return field


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


def write_png(path: Path, field: np.ndarray) -> None:
    """Write a field as a PNG file.

    Args:
        path: The file.
        field: Two-dimensional; each cell becomes a square.
    """
    cells = np.kron(coloured(field), np.ones((PIXELS, PIXELS, 1), dtype=np.uint8))
    height, width, _ = cells.shape
    # Each row begins with a byte that says that it is not filtered.
    rows = b"".join(b"\0" + row.tobytes() for row in cells)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def coloured(field: np.ndarray) -> np.ndarray:
    """Return the colours of a field, with shape (height, width, 3) and dtype uint8."""
    spread = max(np.ptp(field), 1e-12)
    values = (field - field.min()) / spread * (len(COLOURS) - 1)
    stops = np.arange(len(COLOURS))
    colours = [np.interp(values, stops, COLOURS[:, channel]) for channel in range(3)]
    rounded: np.ndarray = np.rint(np.stack(colours, axis=-1))
    return rounded.astype(np.uint8)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG file: its length, kind, data and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    main()
