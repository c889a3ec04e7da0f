"""What one instruction does, written once over a ``Domain`` of values.

:func:`~hypabi.semantics.interpret.run_instruction` interprets the operations of an instruction
through a :class:`~hypabi.semantics.domain.Context`, which owns registers and memory.  ``symbolic``
runs it over terms, ``machine`` over integers, so that both give an instruction the same meaning and
share nothing else.  Guarantees: a user op, system register or operand without a meaning raises
``Unmodelled`` and is never skipped; a branch inside one instruction becomes if-then-else; a
decision that cannot be merged goes through ``Context.decide``.
"""

__all__ = [
    "aarch32",
    "aarch64",
    "domain",
    "integers",
    "interpret",
    "transfer",
]
