"""The dashboard: a replica of the floor and the pages that show it."""
