"""The recap of a trading date, as JSON and as a page (domain 8.7)."""
