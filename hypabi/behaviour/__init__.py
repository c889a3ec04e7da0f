"""What a hypercall does: guarded cases with their footprint, derived from all paths.

A :class:`~hypabi.behaviour.case.Behaviour` is everything that ``judgement`` and ``report`` may know
of a provider; neither executes anything.  Guarantees: the guards of a provider's cases are disjoint
and cover every entry state that the entry's assumptions allow; a register that a case does not list
holds its entry value at exit.
"""

__all__ = [
    "by_number",
    "case",
    "derive",
    "identified_by",
    "identifier",
    "outcome",
    "request",
    "saved.own_promises",
    "saved.reader",
    "saved.symbolic_names",
    "saved.writer",
]
