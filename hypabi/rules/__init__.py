"""The rules: what a finding is called, for good, and what there is to know about its kind.

Whoever tells a finding, of one image or of a series, takes from here which rule it is of and what
it weighs.
"""

__all__ = [
    "callers",
    "catalogue",
    "changes",
    "clauses",
    "crossings",
    "drift",
    "entries",
    "evidence",
    "matrix",
    "parties",
    "rule",
    "undecided",
]
