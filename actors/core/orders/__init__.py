"""Brackets, the paper exchange and the life of an order."""
