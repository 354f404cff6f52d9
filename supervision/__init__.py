"""How processes live and die, and the two runtimes. Knows no trading."""
