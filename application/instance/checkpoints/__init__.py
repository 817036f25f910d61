"""An instance's side of checkpoints: decide when to save, save, and resume."""
