"""The MessagePack file format of instance snapshots, and reading and writing such files."""
