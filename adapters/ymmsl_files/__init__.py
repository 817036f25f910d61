"""Reads yMMSL into the domain: the only place that knows the ymmsl library."""
