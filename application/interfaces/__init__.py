"""The hexagon's ports: what the application needs of the outside, in the field's words."""
