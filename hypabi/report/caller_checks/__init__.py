"""What comes of an image's callers while each party is live, as text."""
