"""The shell scripts that start programs."""
