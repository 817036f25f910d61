"""What a user does, and what they see."""
