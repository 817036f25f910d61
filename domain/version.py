"""The version of this software."""

VERSION = "0.1.0"
"""The same as in pyproject.toml; looking it up in the installed metadata costs an agent 20 ms."""

OWN_VERSION_SUFFIX = "+conjoin"
"""Suffix by which our manager recognises our instances, which report a version of MUSCLE3."""
