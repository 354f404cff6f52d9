"""Tests of actors/core/risk."""
