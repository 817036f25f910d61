"""The part of fsspec that Conjoin uses."""

from fsspec import core as core
from fsspec.spec import AbstractFileSystem as AbstractFileSystem
