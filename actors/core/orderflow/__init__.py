"""Footprint bars and profiles."""
