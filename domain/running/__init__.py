"""What happens during a run: agents and processes, events, deadlocks, profiling."""
