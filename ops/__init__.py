"""The commands and documents around the tree."""
