"""What several reports print alike."""
