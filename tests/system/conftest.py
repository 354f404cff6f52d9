"""What tests with real processes share."""

from tests.venues.postgres import postgres_server

__all__ = ["postgres_server"]
