"""Indicators and the classification of the market."""
