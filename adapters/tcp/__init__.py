"""Sockets: the server, connections to the manager, and connections between peers."""
