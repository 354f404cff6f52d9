"""The API of the dashboard: what can be asked, and what can be told, by whom."""
