"""Slurm, if the manager runs in one of its jobs."""
