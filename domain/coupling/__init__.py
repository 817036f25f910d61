"""What couples instances: ports, conduits, messages, settings and timelines."""
