"""Event loop, network and memory: a layer that every adapter may use."""
