"""The state machine of a run: events in, instructions out.

`RunState` in `run_state` reacts to the events in `events` with the instructions in `instructions`.
Its parts are small state machines, each a table with its theory above it:

- `instance_life`: from waiting to start to finished, failed or stopped, for each instance;
- `run_phases`: running, waiting for the true cause of a failure, cancelling, finished;
- `lost_connections`: looking for the programs of instances that do not reconnect;
- `saving`: saving before the run is stopped.

`ending` and `failures` decide when the run ends, and what the cause is if it failed.
"""
