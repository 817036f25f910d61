"""Codecs without sockets: frames, sessions, and the messages of each protocol."""
