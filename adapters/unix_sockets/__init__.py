"""Connects the processes of a task runtime by Unix sockets."""
