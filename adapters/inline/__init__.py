"""The engine `inline`: the planned hosts as objects in this process, for tests and debuggers."""
