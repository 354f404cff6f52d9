"""What runs: one thin shell per actor; `core` calculates, `adapters` touch the outside."""
