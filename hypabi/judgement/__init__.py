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
