"""Tests in which several processes work together."""
