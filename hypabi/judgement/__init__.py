"""Contracts, obligations, proofs and verdicts."""
