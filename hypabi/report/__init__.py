"""Verdicts and behaviours as text and JSON."""
