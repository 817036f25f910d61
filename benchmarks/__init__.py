"""Benchmarks that compare Conjoin with MUSCLE3; see docs/benchmarks.md."""
