"""The model programs of the scenarios; each is started as a separate program."""
