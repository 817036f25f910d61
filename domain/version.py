"""The version of this software."""

VERSION = "0.1.0"
"""The same as in pyproject.toml; looking it up in the installed metadata costs an agent 20 ms."""
