"""Which instances run on which cores."""
