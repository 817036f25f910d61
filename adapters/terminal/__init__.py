"""Shows a run on the terminal."""
