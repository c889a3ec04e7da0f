"""What ``hypabi sweep`` prints."""
