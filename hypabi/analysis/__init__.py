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
    "check",
    "comparison",
    "derivation",
    "difference",
    "draft.draft",
    "drift",
    "examination",
    "exit_status",
    "findings.check",
    "matrix",
    "options",
    "program",
    "provenance",
    "reference_matrix",
    "replay",
    "results.caller_checks",
    "results.callers",
    "results.check",
    "results.conclusion",
    "results.derivation",
    "results.difference",
    "results.drift",
    "results.entries",
    "results.from_plain",
    "results.matrix",
    "results.plain",
    "results.replay",
    "results.review",
    "results.schema",
    "results.shared",
    "results.values",
    "results.vector_table",
    "saved_form",
    "session",
    "summaries.assumptions",
    "summaries.callers",
    "summaries.check",
    "summaries.derivation",
    "summaries.difference",
    "summaries.drift",
    "summaries.matrix",
    "summaries.replay",
    "summaries.shared",
    "tools",
    "witness_files",
]
