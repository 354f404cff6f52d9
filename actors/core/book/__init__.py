"""The order book: from single orders or ten levels to changes by price level."""
