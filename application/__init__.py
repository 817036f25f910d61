"""Services that make a coupled simulation run; they see the domain and interfaces only."""
