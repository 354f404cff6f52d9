"""The checks before the open: is everything there that a session needs?"""
