"""Local servers that speak as those of Databento do."""
