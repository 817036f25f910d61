"""The Slurm that the manager is running under, if it is."""
