"""What the manager does: one service per concern."""
