"""Where everything is wired together."""
