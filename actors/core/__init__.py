"""The calculations. Pure: no actor system, no I/O, no clock, no logging, no randomness."""
