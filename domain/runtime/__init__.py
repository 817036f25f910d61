"""The task runtime: its values, and its rules without I/O."""
