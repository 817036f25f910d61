"""Starts node agents on other machines over SSH, with paramiko."""
