"""Clauses as obligations about cases, and their proof or refutation; the questions build on it."""
