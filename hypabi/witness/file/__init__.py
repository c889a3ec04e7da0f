"""Witnesses as JSON files, and as programs that need no hypabi."""
