"""Counterexamples as machine states that anyone can run."""
