"""What is true without any machine: pure values and rules of coupling."""
