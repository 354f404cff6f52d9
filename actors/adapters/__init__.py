"""The outside: one file per SDK, file format or venue. No decisions."""
