"""The metrics of book and tape over a window of event time, and what follows from them."""
