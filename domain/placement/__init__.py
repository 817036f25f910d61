"""The allocation of cores to instances."""
