"""Trading date and the phases of the day."""
