"""What is held against a contract, and the verdicts.  Reads behaviours and never executes.

``verification`` says what a clause demands of a case, makes terms of it and asks a solver.  Five
questions stand on it, and none knows another: ``callers`` (is this call site all right?),
``matrix`` (who gets what from whom?), ``difference`` (what changed, who breaks?), ``entries`` (what
else reaches the handlers?) and ``drift`` (does the document still hold?).  ``suppression`` is what
a project has decided to live with.

Guarantees: whatever can be decided has a closed sum for an answer, without a truth value; what is
undecided has its reason and is never proved; what is vacuous is never counted as proved; a
counterexample was evaluated again without the solver.
"""

__all__ = [
    "callers.compatibility",
    "callers.doing",
    "callers.findings",
    "callers.identification",
    "callers.makers",
    "callers.order",
    "callers.passing",
    "callers.schedule",
    "callers.stated",
    "callers.summary",
    "difference.compare",
    "difference.difference_query",
    "difference.model",
    "difference.own_promises",
    "difference.side",
    "drift.call_table",
    "drift.citations",
    "drift.document",
    "drift.drift",
    "drift.facts",
    "drift.findings",
    "drift.rst_reader",
    "drift.stated_drift",
    "drift.subject",
    "entries.audit",
    "entries.baseline",
    "entries.findings",
    "matrix.applicable_row",
    "matrix.cell_model",
    "matrix.cells",
    "matrix.reference_index",
    "suppression",
    "verification.breach",
    "verification.lowering",
    "verification.obligations",
    "verification.observables",
    "verification.possible",
    "verification.prover",
    "verification.record",
    "verification.verdict",
    "verification.wording",
]
