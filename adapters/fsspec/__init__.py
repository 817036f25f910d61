"""Storage of many kinds, such as object stores, through fsspec."""
