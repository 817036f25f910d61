"""The MessagePack format of instance snapshots, and a repository that uses it."""
