"""Tests of supervision: how processes live and die."""
