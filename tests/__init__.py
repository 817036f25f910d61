"""Tests of Conjoin."""
