"""Instructions: bytes of an image become operations that ``semantics`` gives a meaning to.

:mod:`~hypabi.code.sleigh` is the only place that knows pypcode; what it cannot decode or decodes
wrongly is taken first by an overlay, by encoding (``docs/limits.md`` lists every such form).  Here
also: candidate vector tables, ``hvc`` call sites, and the sites that the kernel patches at run
time. An encoding that neither overlay nor SLEIGH defines is a value, ``Undecodable``, never a
guess.
"""
