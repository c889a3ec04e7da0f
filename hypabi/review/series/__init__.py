"""Patches and answers to them, from whatever they were posted or kept in."""
