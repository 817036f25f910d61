"""Work on threads of the manager's own."""
