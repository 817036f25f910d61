"""One contract per interface, which every adapter keeps, doubles too."""
