"""Past trades bought of a vendor: asked for, paid within a limit, kept."""
