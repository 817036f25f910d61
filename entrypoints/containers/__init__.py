"""What is made of what, one container per program."""
