"""Bytes become instructions: SLEIGH's p-code, and our overlay where SLEIGH has none or a wrong one.

:mod:`~hypabi.lifter.sleigh` is the only place that knows pypcode; what it cannot decode or decodes
wrongly is taken first by the overlay, by encoding (``docs/limits.md`` lists every such form).  An
encoding that neither defines is a value, ``Undecodable``, never a guess.
"""

__all__ = [
    "instruction",
    "overlay.a64_allocated",
    "sleigh",
]
