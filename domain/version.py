"""The version of this software."""

VERSION = "0.1.0"
"""The same as in pyproject.toml; looking it up in the installed metadata costs an agent 20 ms."""

OWN_VERSION_SUFFIX = "+conjoin"
"""What our instances add to the version of MUSCLE3 that they speak, for our own manager."""
