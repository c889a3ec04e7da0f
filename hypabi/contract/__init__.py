"""The written interface: what its file says, and what that promises of one kernel.

``file`` reads, writes and describes contracts; ``model`` is one as its file has it; ``resolve``
makes of it a :class:`~hypabi.contract.revision.Revision`, the promises of one kernel version on one
architecture; ``expression`` and ``expression_parser`` are the language of its conditions;
``stated`` are interfaces that are documented and not held against an image; ``registry`` finds the
shipped ones.  The shipped contracts themselves are the YAML files in ``hypabi/contracts``.

Refuses, with file, line and key, what is not well-formed or cannot be meant.
"""

__all__ = [
    "architectures",
    "clause",
    "clauses_of_reply",
    "defaults",
    "expression",
    "expression_parser",
    "file.load",
    "file.schema",
    "file.shapes",
    "file.writer",
    "lint.lint",
    "model",
    "permissions",
    "registers",
    "registry",
    "resolution",
    "resolve",
    "revision",
    "stated.facts",
    "stated.model",
    "stated.registers",
    "stated.validation",
    "version",
]
