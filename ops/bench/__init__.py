"""How fast this machine runs Floorwatch, beside peers that answer the same question."""
