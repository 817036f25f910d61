"""Tests of what a user does and sees."""
