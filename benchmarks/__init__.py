"""Measurements side by side with MUSCLE3; see docs/benchmarks.md."""
