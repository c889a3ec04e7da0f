"""What ``hypabi history`` prints."""
