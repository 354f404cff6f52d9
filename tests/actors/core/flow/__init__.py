"""Tests of actors/core/flow."""
