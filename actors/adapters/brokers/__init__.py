"""Brokers: the paper exchange and venues."""
