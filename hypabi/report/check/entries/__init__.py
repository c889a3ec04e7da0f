"""The vector entries of a check, as text and JSON."""
