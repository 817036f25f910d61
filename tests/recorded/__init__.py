"""Bytes recorded from runs of the real MUSCLE3."""
