"""Tests that run many simulations, at random or under difficult conditions."""
