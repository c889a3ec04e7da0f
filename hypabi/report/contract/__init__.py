"""A contract, as text."""
