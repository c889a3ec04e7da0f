"""A witness and its replay, as text and JSON."""
