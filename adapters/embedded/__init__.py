"""The task engine for one machine, which starts processes and needs no other program."""
