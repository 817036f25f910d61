"""A working double of every interface, for unit tests and for embedders."""
