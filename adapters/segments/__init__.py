"""Memory that the processes of a node share: `memfd_create` segments, and spill files."""
