"""The model programs of the scenarios; each is started as a program of its own."""
