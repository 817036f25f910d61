"""Internals of the command line: console output, signals and subcommands."""
