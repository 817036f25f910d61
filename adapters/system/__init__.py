"""The machine's own clock, and the threads of this process."""
