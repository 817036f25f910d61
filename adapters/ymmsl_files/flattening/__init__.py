"""Turns nested models into one flat model of programs."""
