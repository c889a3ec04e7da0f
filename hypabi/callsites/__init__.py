"""Who calls: every ``hvc`` of a program, what it asks for on each way, and what counts on it.

``hvc_words`` finds the words, ``backward_paths`` the ways to them against the flow, ``path_runner``
runs each way forward over terms, ``entry_flow`` says what comes from the function's entry whichever
way was taken, ``done_before`` what the function has done by then, ``constant_flow`` what it does
where some words and its level are known, ``level`` whether it runs at EL1,
``liveness`` says which registers are read behind
the call and ``result_use`` what becomes of the answer.  ``functions`` reads each body once,
``call_ways`` and ``draft`` put one call site together, ``finder`` all of them.  Guarantees: what
was not followed is named with its reason, and all of it has a bound.
"""

__all__ = [
    "call_graph",
    "call_order",
    "call_ways",
    "composition",
    "constant_flow",
    "done_before",
    "entry_flow",
    "finder",
    "handed_out",
    "hvc_words",
    "identifier_values",
    "level",
    "model",
]
