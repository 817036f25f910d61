"""The manager's side of checkpoints: register, announce, examine and choose snapshots."""
