"""Ten runs of a model with different settings."""
