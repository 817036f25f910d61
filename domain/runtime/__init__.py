"""Rules of the task runtime: which task runs where and when, who is there, who holds what."""
