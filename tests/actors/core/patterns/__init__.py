"""Tests of actors/core/patterns."""
