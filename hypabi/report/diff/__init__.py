"""A difference, as text and JSON."""
