"""Tests of actors/core/session."""
