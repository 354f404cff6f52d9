"""Calculations of a live market feed: its link, its seam, its records and its tape."""
