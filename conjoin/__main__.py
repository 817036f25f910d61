"""The command line as a module: `python -m conjoin` is the command `conjoin`."""

from entrypoints.bootstrap import conjoin

if __name__ == "__main__":
    conjoin()
