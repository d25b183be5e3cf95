"""Element configuration: the tree, what may stand in it, what it means, and how it changes."""
