"""A review, as text for a mail and JSON."""
