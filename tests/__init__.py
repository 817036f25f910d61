"""What Conjoin promises, in tests."""
