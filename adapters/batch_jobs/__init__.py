"""The batch job that the manager runs in: which nodes it was given."""
