"""A matrix, as text and JSON."""
