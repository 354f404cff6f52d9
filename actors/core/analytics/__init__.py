"""What closed round trips, days and signals come to (domain 9)."""
