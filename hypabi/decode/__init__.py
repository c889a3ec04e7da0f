"""Files of ours that anybody may have written, read strictly: contracts, suppressions, witnesses,
saved forms, the index of references.

Text becomes a tree of :mod:`~hypabi.decode.node` in which everything knows its
:mod:`~hypabi.decode.place` (``yaml``, ``json``), under counted ``bounds``.  What may stand in a
file is said once, as a :data:`~hypabi.decode.shape.Shape`: the ``decoder`` checks it and builds our
values, the ``encoder`` writes them and ``schema`` publishes it, so that no two can disagree.

Guarantees: what is read is what is written, without defaults of a syntax; no tag, no alias and no
merge key has a meaning.  Refuses, in one wording, with file, line and key: a key that is unknown
(with the one that was probably meant), missing or there twice, a value of another type or outside
of its bounds, and a text that is larger, deeper or in more parts than its reader needs.
"""

__all__ = [
    "bounds",
    "decoder",
    "encoder",
    "json",
    "node",
    "place",
    "schema",
    "shape",
    "yaml",
]
