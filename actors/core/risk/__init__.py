"""Limits and permissions, failing closed."""
