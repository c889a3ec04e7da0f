"""Concrete machines that run a witness."""
