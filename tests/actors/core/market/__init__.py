"""Tests of the calculations of a live market feed."""
