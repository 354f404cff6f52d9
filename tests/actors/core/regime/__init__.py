"""Tests of actors/core/regime."""
