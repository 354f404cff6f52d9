"""The vocabulary: what processes say to each other. Imports nothing of ours."""
