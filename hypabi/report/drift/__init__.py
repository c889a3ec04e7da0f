"""Drift, as text and JSON."""
