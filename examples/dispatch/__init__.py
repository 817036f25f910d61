"""Three models, one after the other."""
