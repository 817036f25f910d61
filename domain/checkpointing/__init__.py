"""Instance snapshots, and which of them together make a workflow snapshot."""
