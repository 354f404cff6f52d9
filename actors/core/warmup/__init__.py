"""What may be known before the first live bar."""
