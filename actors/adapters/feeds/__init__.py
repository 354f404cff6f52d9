"""Sources of market data: recordings, simulations, venues."""
