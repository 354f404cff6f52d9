"""The patterns read from bars and tape, each callable on plain arrays."""
