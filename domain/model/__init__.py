"""The model that is run: components, their programs, timelines and checkpoint rules."""
