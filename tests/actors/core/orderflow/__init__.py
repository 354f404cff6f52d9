"""Tests of actors/core/orderflow."""
