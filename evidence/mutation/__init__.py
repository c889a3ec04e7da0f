"""Mutants as evidence: code with one instruction changed must not be proved to be what it was.

Guarantees: the same subjects, sample and seed give the same mutants and the same fates, however
many processes share the work.  No file is written; a mutant lives in memory.
"""
