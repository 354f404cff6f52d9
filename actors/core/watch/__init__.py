"""What a watchman knows of the floor, what he finds wrong, and when he says so."""
