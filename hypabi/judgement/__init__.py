"""Contracts, what is held against them, and the verdicts.

Reads behaviours and never executes.  By what they are about:

- the contract as its file has it: ``yaml_source``, ``node``, ``format``, ``contract``, ``read``,
  ``write``, ``schema``, ``load``; what may be said in it: ``expression``, ``parse``, ``registers``,
  ``meaning``, ``lint``; one that only states an interface: ``stated`` and ``stated_*``;
- what it promises of one kernel on one architecture: ``resolve``, ``context``, ``promised``, which
  make a ``revision`` of ``clause`` values;
- proof: ``obligation`` says what a clause demands of a case, ``lower`` makes terms of it, ``proof``
  asks a solver, ``verdict`` is the answer and ``instead`` its words;
- callers of an image: ``naming``, ``encounter``, ``reliance``, ``said``, ``life_cycle``; who gets
  what he asks for, whoever is live: ``applying``, ``matrix``, ``cell``;
- two images: ``side``, ``visible``, ``pair``, ``weighing``, ``diff``, ``change``;
- other exceptions than hypercalls: ``doors``, ``door_*``, ``likeness``, ``syndrome``;
- a document: ``drift`` and ``drift_*``;
- what a project lives with: ``suppression``.

Guarantees: whatever can be decided has a closed sum for an answer, without a truth value; what is
undecided has its reason and is never proved; what is vacuous is never counted as proved; a
counterexample was evaluated again without the solver.  A contract that is not well-formed or cannot
be meant is refused with file, line and key.
"""
