"""Coupled simulations that run unchanged with MUSCLE3 and with Conjoin."""
