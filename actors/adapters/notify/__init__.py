"""The ways by which notices reach a person."""
