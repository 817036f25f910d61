"""Tests of the actions and observations of users."""
