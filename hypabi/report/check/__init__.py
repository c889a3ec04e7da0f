"""A check, as text and JSON."""
