"""Footprint bars and the patterns read from them."""
