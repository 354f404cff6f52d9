"""Local servers that speak the real protocol of what is outside."""
