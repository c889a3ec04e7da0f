"""The product as a library: a file in, one result out.

:func:`~hypabi.analysis.session.open_image` opens a file once; whatever is asked of it afterwards
(its parties, what they do, its callers) is found once and kept.  ``check``, ``callers``,
``matrix``, ``difference``, ``derivation``, ``confirmation`` and ``entries`` put the steps together;
what they return lies in :mod:`hypabi.analysis.results` and is plain data.

Guarantees: no step of the pipeline stands anywhere else; the verdict, the counts and the exit
status of a result come from one function over it.  Refuses with :class:`~hypabi.errors.HypabiError`
what cannot be read; prints nothing, and knows no command line.
"""

__all__ = [
    "call_site_listing",
    "callers",
    "confirmation",
    "derivation",
    "difference",
    "entries",
    "examination",
    "exit_status",
    "matrix",
    "options",
    "party_detection",
    "provenance",
    "references",
    "replay",
    "results.callers",
    "results.check",
    "results.derivation",
    "results.difference",
    "results.drift",
    "results.matrix",
    "results.replay",
    "results.vector_table",
    "saved_form",
    "session",
    "tools",
    "witness_files",
]
