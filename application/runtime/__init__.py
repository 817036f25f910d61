"""The task runtime: actors, tasks, loops and stored values, above an engine."""
