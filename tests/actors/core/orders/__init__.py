"""Tests of actors/core/orders."""
