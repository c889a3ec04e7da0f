"""A counterexample as a complete machine state in a small file, shrunk, that anyone can run.

:func:`~hypabi.witness.builder.witness_of` turns a broken obligation into a
:class:`~hypabi.witness.model.Witness`: a caller about to issue the ``hvc``, the party's vectors
live, every register chosen.  :func:`~hypabi.witness.replay.replay_witness` runs it on a machine and
compares; a replay is :class:`~hypabi.witness.replay.Confirmed` only if the machine ended where the
derivation predicted, with the registers that it predicted, and the promise is broken by what the
machine shows.  Nothing that was not run is ever confirmed.  A witness holds no code: it names the
image and the SHA-256 of each page that runs.
"""

__all__ = [
    "builder",
    "expectation",
    "file.reader",
    "file.script",
    "file.shape",
    "file.writer",
    "model",
    "pages",
    "program",
    "replay",
]
