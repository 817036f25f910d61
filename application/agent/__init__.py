"""The agent on a node: carries out the manager's commands there."""
