"""The nodes of a run: which agents exist, which processes run where, and placement."""
